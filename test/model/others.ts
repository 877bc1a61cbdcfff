/**
 * What belongs to others on a machine where other things run meanwhile: files and processes that this run plants in
 * their name, and the accounts of the system. What else is there may change at any time without us.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { made, swept } from "../leftovers.ts";

const owners = [0, 99];

const linesOf = (file: string): string[] => readFileSync(`/etc/${file}`, "utf8").split("\n");
const nameOf = (line: string): string => line.split(":")[0] ?? "";

/** The lines of accounts and groups that no installer of tests and no test makes. */
function systemLines(): string[] {
  return [
    ["passwd", "shadow"],
    ["group", "gshadow"],
  ].flatMap(([open = "", hidden = ""]) => {
    const own = linesOf(open).filter((line) => /^[^:]+:[^:]*:\d{1,3}:/.test(line));
    const names = new Set(own.map(nameOf));
    return [...own, ...linesOf(hidden).filter((line) => names.has(nameOf(line)))].map((line) => `${open}: ${line}`);
  });
}

function stateOf(path: string): string {
  const { uid, gid, mode, ino, mtimeMs } = lstatSync(path);
  return `${path} ${uid}:${gid} ${mode.toString(8)} ${ino} ${mtimeMs}`;
}

export class Others {
  readonly folders = owners.flatMap((uid) => swept.map((place) => Others.#plant(place, uid)));
  readonly processes: readonly ChildProcess[] = owners.map((uid) =>
    spawn("/bin/sleep", ["100000"], { uid, gid: uid, stdio: "ignore" }),
  );
  readonly #before = this.#state();

  constructor() {
    // Whoever plants them ends when its own work is done, and removes them then.
    for (const each of this.processes) each.unref();
  }

  static #plant(place: string, uid: number): string {
    const folder = mkdtempSync(`${made(`${place}/bystander-`)}-`);
    writeFileSync(`${folder}/file`, folder);
    for (const path of [`${folder}/file`, folder]) chownSync(path, uid, uid);
    chmodSync(folder, 0o755);
    return folder;
  }

  #state(): string[] {
    const files = this.folders.flatMap((folder) => {
      try {
        const inside = readdirSync(folder).map((name) => `${folder}/${name}`);
        return [folder, ...inside].map(stateOf);
      } catch {
        return [];
      }
    });
    return [...files, ...systemLines()];
  }

  /** What is not as it was, or is new in a place of theirs, a line each. */
  changes(): string[] {
    const now = new Set(this.#state());
    const lost = this.#before.filter((line) => !now.has(line)).map((line) => `gone: ${line}`);
    const added = [...now].filter((line) => !this.#before.includes(line)).map((line) => `new: ${line}`);
    const ended = this.processes.filter(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    return [...lost, ...added, ...ended.map(({ pid }) => `ended: process ${pid}`)];
  }

  remove(): void {
    for (const each of this.processes) each.kill("SIGKILL");
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** What the task users with these uids have left in shared places. */
export function filesLeft([first, last]: readonly [number, number]): string[] {
  const argv = [...swept, "-xdev", "-maxdepth", "2", "-uid", `+${first - 1}`, "-uid", `-${last + 1}`];
  const { stdout } = spawnSync("/usr/bin/find", argv, { encoding: "utf8" });
  return stdout.split("\n").filter((path) => path !== "");
}
