/** Starts the helper's program with any flags, environment and descriptors, for what it must refuse to run with. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../helper/config.ts";
import { helperFlags } from "../../helper/flags.ts";
import { type Places, placesOf, stateRoot } from "../../helper/places.ts";
import { made } from "../leftovers.ts";
import type { RealHelper } from "./real-helper.ts";

export interface BareStart {
  readonly flags: string[];
  readonly node: string;
  readonly main: string;
  readonly config: string;
  readonly env: Record<string, string>;
  readonly uid?: number;
}

export interface BareEnd {
  readonly status: number | null;
  /** Messages of the lines that it logged. */
  readonly said: string[];
}

export class BareHelper {
  readonly instance: string;
  readonly places: Places;
  /** Root-owned, 0755, removed at the end: for copies of what the helper reads. */
  readonly folder: string;
  readonly #start: BareStart;
  readonly #tasksDir: string;

  /** An instance of its own, with the code of `helper`, which must go on running as long as this is used. */
  constructor(helper: RealHelper, settings: Record<string, unknown> = {}) {
    this.instance = made("bare-");
    this.places = placesOf(this.instance);
    for (const directory of [this.places.state, this.places.runParent])
      mkdirSync(directory, { recursive: true, mode: 0o755 });
    mkdirSync(this.places.logs, { recursive: true, mode: 0o700 });
    this.folder = mkdtempSync(`${made(`${stateRoot}/private/bare-`)}-`);
    chmodSync(this.folder, 0o755);
    const config = this.writeConfig({ dscl: join(helper.dsclDir, "dscl"), uidRange: [5999, 5999], ...settings });
    const read = readConfig(config);
    this.#tasksDir = read.tasksDir;
    const flags = helperFlags(this.places, read, false);
    this.#start = { flags, node: helper.node, main: join(helper.code, "helper/main.ts"), config, env: {} };
  }

  writeConfig(settings: Record<string, unknown>): string {
    const file = join(this.folder, "helper.json");
    writeFileSync(file, JSON.stringify(settings), { mode: 0o644 });
    return file;
  }

  /** Runs until the helper ends by itself; one that serves is ended by its lifeline and gives status 0. */
  run(change: (start: BareStart) => Partial<BareStart> = () => ({})): BareEnd {
    const { flags, node, main, config, env, uid } = { ...this.#start, ...change(this.#start) };
    const argv = [...flags, main, "--instance", this.instance, "--config", config, "--lifeline"];
    const as = uid === undefined ? {} : { uid, gid: uid };
    const end = spawnSync(node, argv, { ...as, cwd: "/", env, encoding: "utf8", input: "", timeout: 30_000 });
    const said = end.stderr.split("\n").filter((line) => line.startsWith("{"));
    return { status: end.status, said: said.map((line): string => JSON.parse(line).msg) };
  }

  remove(): void {
    for (const path of [this.places.state, this.places.logs, this.folder]) rmSync(path, { recursive: true });
    // A helper that came far enough has made one; it is empty, because nobody asked it for a user.
    const graveyard = `${this.#tasksDir}/.taskcluster-worker-${this.instance}`;
    if (existsSync(graveyard)) rmdirSync(graveyard);
  }
}
