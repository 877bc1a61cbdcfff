/**
 * The machine of a soak, which nobody shares: its own processes, accounts, homes and temporary files, all of them empty in
 * the beginning, so that whatever is there afterwards was left by the worker.
 */
import { spawnSync } from "node:child_process";
import {
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { stateRoot } from "../../helper/places.ts";
import { toolOutput } from "../helper/machine.ts";
import { prepare } from "../helper/prepared.ts";
import { checkout } from "../stories/launched.ts";
import { Disk, type Shortage } from "./disk.ts";

/** Of the soak itself: the code that runs, the configuration, what the queue keeps. */
export const soakFolder = "/var/soak";
export const agentHome = `${stateRoot}/agent`;
const parts = ["taskcluster-worker", "agent", "helper", "shared", "launchd", "package.json", "package-lock.json"];
/** Where tasks and worker put what is temporary. */
const places = ["/tmp", "/var/tmp", "/dev/shm", "/home", "/run", stateRoot];
/** What an instance keeps for the next worker and for whoever asks: journal, locks, how the last one has ended. */
const kept =
  /^\/var\/lib\/taskcluster-worker\/(staged\/|private\/|slice-\d+\/(private\/|status\.json$)|agent\/slice-\d+\/(status|generic-worker-metadata)\.json$)/;

const accounts = (): string[] =>
  ["passwd", "group"].flatMap((file) => readFileSync(`/etc/${file}`, "utf8").split("\n"));

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
}

const files = (): string[] => places.flatMap(filesBelow).filter((file) => !kept.test(file));

/** Each with its command line; without the soak's own and the one that asks. */
function processes(): string[] {
  const { stdout, pid } = spawnSync("/bin/ps", ["-axo", "pid=,ppid=,args="], { encoding: "utf8" });
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => ![1, process.pid, pid].includes(Number.parseInt(line, 10)));
}

/** The checkout, with `told.ts` in both processes. Returns where it is. */
function checkoutThatTells(): string {
  const root = join(soakFolder, "checkout");
  for (const part of [...parts, "test/dscl"]) cpSync(join(checkout, part), join(root, part), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(root, "node_modules"));
  for (const program of ["agent", "helper"]) {
    cpSync(join(import.meta.dirname, "told.ts"), join(root, program, "told.ts"));
    const main = join(root, program, "main.ts");
    writeFileSync(main, `import "./told.ts"; ${readFileSync(main, "utf8")}`);
  }
  return root;
}

export class Machine {
  readonly root: string;
  readonly shortages: Shortage[] = [];
  /** The agent's own. */
  readonly agentDisk: Disk;
  /** That of the homes. */
  readonly homesDisk: Disk;
  readonly #accounts: ReadonlySet<string>;
  readonly #files: ReadonlySet<string>;

  /** To be called in namespaces of its own: it changes accounts and mounts. */
  static async make(): Promise<Machine> {
    // An account of the agent that outlives the workers, so that its home can be a disk.
    await prepare();
    return new Machine();
  }

  private constructor() {
    mkdirSync(join(soakFolder, "queue"), { recursive: true });
    for (const folder of ["/tmp", "/var/tmp"])
      toolOutput("/bin/mount", "-t", "tmpfs", "-o", "mode=1777", "soak", folder);
    const { uid, gid } = lstatSync(agentHome);
    this.agentDisk = new Disk(agentHome, { megabytes: 96, files: 2_000 }, this.shortages);
    chownSync(agentHome, uid, gid);
    this.homesDisk = new Disk("/home", { megabytes: 256, files: 5_000 }, this.shortages);
    this.root = checkoutThatTells();
    this.#accounts = new Set(accounts());
    this.#files = new Set(files());
  }

  /** Sentences about what is there and was not in the beginning; none on a clean machine. To be asked when no worker runs. */
  left(): string[] {
    const ipc = ["shm", "sem", "msg"].flatMap((kind) =>
      readFileSync(`/proc/sysvipc/${kind}`, "utf8").trim().split("\n").slice(1),
    );
    return [
      ...processes().map((line) => `a process is left: ${line}`),
      ...accounts()
        .filter((line) => !this.#accounts.has(line))
        .map((line) => `an account is left: ${line}`),
      ...readdirSync("/home").map((name) => `a home is left: /home/${name}`),
      ...files()
        .filter((file) => !this.#files.has(file))
        .map((file) => `a file is left: ${file}`),
      ...ipc.map((line) => `a System V object is left: ${line}`),
    ];
  }
}
