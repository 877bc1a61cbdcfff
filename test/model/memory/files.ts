/** Directories in memory: what root makes, gives away and removes, and what lies in the homes of task users. */
import type { Machine } from "./machine.ts";

interface Entry {
  uid: number;
  gid: number;
  mode: number;
  readonly kind: "directory" | "file";
  content: string;
}

export interface Status {
  readonly uid: number;
  readonly mode: number;
  readonly dev: number;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

export class Files {
  readonly #machine: Machine;
  readonly #entries = new Map<string, Entry>();
  /** Entries in shared places, by uid. */
  readonly shared = new Map<number, number>();

  constructor(machine: Machine) {
    this.#machine = machine;
    for (const path of ["/", "/home", "/home/agent", "/run", "/run/taskcluster-worker"]) this.#put(path, "directory");
    this.#put("/home/agent/secret", "file", "credentials");
  }

  #put(path: string, kind: Entry["kind"], content = "", uid = 0): void {
    this.#entries.set(path, { uid, gid: 0, mode: kind === "directory" ? 0o755 : 0o600, kind, content });
  }

  #at(path: string): Entry {
    const entry = this.#entries.get(path);
    if (!entry) throw failure("ENOENT", path);
    return entry;
  }

  #below(path: string): string[] {
    return [...this.#entries.keys()].filter((each) => each.startsWith(`${path}/`));
  }

  exists(path: string): boolean {
    return this.#entries.has(path);
  }

  status(path: string): Status {
    return { ...this.#at(path), dev: 1 };
  }

  mkdir(path: string, mode = 0o700): void {
    if (path.startsWith("/home/tcw-") && this.#machine.faults.strikes("mkdir-fails")) throw failure("ENOSPC", path);
    if (this.exists(path)) throw failure("EEXIST", path);
    this.#at(path.slice(0, path.lastIndexOf("/")) || "/");
    this.#put(path, "directory");
    this.#at(path).mode = mode;
  }

  chmod(path: string, mode: number): void {
    this.#at(path).mode = mode;
  }

  chown(path: string, uid: number, gid: number): void {
    Object.assign(this.#at(path), { uid, gid });
  }

  /** Names of what lies right in a directory. */
  list(path: string): string[] {
    this.#at(path);
    const names = this.#below(path).map((each) => each.slice(path.length + 1));
    return names.filter((name) => !name.includes("/"));
  }

  rmdir(path: string): void {
    this.#at(path);
    if (this.#below(path).length > 0) throw failure("ENOTEMPTY", path);
    this.#entries.delete(path);
  }

  unlink(path: string): void {
    this.#at(path);
    this.#entries.delete(path);
  }

  rename(from: string, to: string): void {
    for (const path of [from, ...this.#below(from)]) {
      this.#entries.set(`${to}${path.slice(from.length)}`, this.#at(path));
      this.#entries.delete(path);
    }
  }

  write(path: string, content: string): void {
    this.#put(path, "file", content);
  }

  read(path: string): string {
    return this.#at(path).content;
  }

  /** A task leaves something in its home and in a shared place. */
  litter(uid: number): void {
    const home = [...this.#entries].find(([path, entry]) => path.endsWith("/home") && entry.uid === uid)?.[0];
    if (home) this.#put(`${home}/left-behind`, "file", "litter", uid);
    this.shared.set(uid, (this.shared.get(uid) ?? 0) + 1);
  }

  /** What the sweep does as the task user. */
  empty(home: string): void {
    for (const path of this.#below(home)) this.#entries.delete(path);
  }

  /** Everything that is not the helper's, one line each. */
  foreign(): string[] {
    const ours = /^\/home\/(tcw-|\.taskcluster-worker-)|^\/run\/taskcluster-worker\/.|^\/state\//;
    return [...this.#entries]
      .filter(([path]) => !ours.test(path))
      .map(([path, entry]) => `${path} ${JSON.stringify(entry)}`);
  }

  /** Names of task users of whom something lies in the graveyard. */
  graves(): string[] {
    const names = [...this.#entries.keys()].map(
      (path) => /^\/home\/\.taskcluster-worker-model\/(tcw-[a-z2-7]{8})/.exec(path)?.[1],
    );
    return names.filter((name) => name !== undefined);
  }

  /** Names of task users that have a directory in the place of the living. */
  taskDirectories(): string[] {
    const names = [...this.#entries.keys()].map((path) => /^\/home\/(tcw-[a-z2-7]{8})$/.exec(path)?.[1]);
    return names.filter((name) => name !== undefined);
  }
}
