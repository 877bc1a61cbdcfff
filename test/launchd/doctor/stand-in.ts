/** A machine that is nothing but data, for doctor to look at. */
import { basename } from "node:path";
import type { Config } from "../../../helper/config.ts";
import type { Entry, Machine, Ran } from "../../../launchd/doctor/machine.ts";
import { DeniedError } from "../../../launchd/doctor/machine.ts";
import type { NodeSource } from "../../../launchd/release/manifest.ts";

/** Absent: a directory of root 0755 above the others, or a file of root 0644 with `text`. */
export interface FileData extends Partial<Entry> {
  readonly text?: string;
  /** Where a link leads to. */
  readonly target?: string;
  readonly denied?: true;
}

/** A text is what a tool wrote to stdout before it ended with 0. */
export type ToolData = string | Ran;

export interface MachineData {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** Null: it is not there after all. */
  readonly files: Readonly<Record<string, FileData | null>>;
  /** By the command line, its words joined by spaces. */
  readonly tools: Readonly<Record<string, ToolData>>;
  /** Free megabytes, by path. */
  readonly free: Readonly<Record<string, number>>;
  readonly processes: readonly number[];
  /** A text: the sentence with which the helper refuses the file. */
  readonly config: Config | string;
  /** A text: there is no manifest, in the words of the one who looked. */
  readonly wrongFiles: readonly string[] | string;
  readonly nodeSource: NodeSource;
}

/** Maps are merged, all else is replaced. */
export type Patch = Partial<MachineData>;

export function patched(data: MachineData, patch: Patch): MachineData {
  const files = { ...data.files, ...patch.files };
  const tools = { ...data.tools, ...patch.tools };
  return { ...data, ...patch, files, tools, free: { ...data.free, ...patch.free } };
}

export const exited = (status: number, stderr = "", stdout = ""): Ran => ({ end: "exited", status, stdout, stderr });

export class StandIn implements Machine {
  readonly #data: MachineData;
  /** Every command line, in order. */
  readonly ran: string[] = [];

  constructor(data: MachineData) {
    this.#data = data;
  }

  get platform(): NodeJS.Platform {
    return this.#data.platform;
  }

  get uid(): number {
    return this.#data.uid;
  }

  now(): Date {
    return new Date("2026-11-26T12:00:00Z");
  }

  #file(path: string): FileData | null {
    const { files } = this.#data;
    const own = files[path];
    if (own?.denied && this.uid !== 0) throw new DeniedError(path);
    if (own !== undefined) return own;
    const isAbove = Object.keys(files).some((each) => files[each] && each.startsWith(path === "/" ? "/" : `${path}/`));
    return isAbove ? { kind: "directory", mode: 0o755 } : null;
  }

  look(path: string): Entry | null {
    const file = this.#file(path);
    if (!file) return null;
    const kind = file.kind ?? (file.target === undefined ? "file" : "link");
    const size = file.size ?? file.text?.length ?? 0;
    return { kind, uid: file.uid ?? 0, gid: file.gid ?? 0, mode: file.mode ?? 0o644, size, volume: file.volume ?? 1 };
  }

  resolve(path: string): string | null {
    const link = Object.entries(this.#data.files).find(
      ([name, file]) => file?.target !== undefined && (path === name || path.startsWith(`${name}/`)),
    );
    const resolved = link ? path.replace(link[0], link[1]?.target ?? "") : path;
    return this.#file(resolved) ? resolved : null;
  }

  list(path: string): readonly string[] | null {
    if (!this.#file(path)) return null;
    const below = Object.keys(this.#data.files).filter((each) => this.#data.files[each] && each.startsWith(`${path}/`));
    return [...new Set(below.map((each) => each.slice(path.length + 1).split("/")[0] ?? basename(each)))].sort();
  }

  read(path: string): string | null {
    return this.#file(path)?.text ?? null;
  }

  freeMegabytes(path: string): number | null {
    return this.#data.free[path] ?? null;
  }

  isProcess(pid: number): boolean {
    return this.#data.processes.includes(pid);
  }

  helperConfig(): Config {
    const { config } = this.#data;
    if (typeof config === "string") throw new Error(config);
    return config;
  }

  wrongFiles(): readonly string[] {
    const { wrongFiles } = this.#data;
    if (typeof wrongFiles === "string") throw new Error(wrongFiles);
    return wrongFiles;
  }

  nodeSource(): NodeSource {
    const { nodeSource, wrongFiles } = this.#data;
    if (typeof wrongFiles === "string") throw new Error(wrongFiles);
    return nodeSource;
  }

  async run(tool: string, args: readonly string[]): Promise<Ran> {
    const line = [tool, ...args].join(" ");
    this.ran.push(line);
    const answer = this.#data.tools[line];
    if (answer === undefined) throw new Error(`the stand-in has no answer to: ${line}`);
    return typeof answer === "string" ? exited(0, "", answer) : answer;
  }
}
