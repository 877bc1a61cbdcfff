/** Reads what `strace -f -y` wrote: which process had which effective uid when, and what root called. */
import { resolve } from "node:path";

export interface RootCall {
  readonly call: string;
  /** Absolute: every path that the call names, relative ones resolved against the directory that strace shows. */
  readonly paths: readonly string[];
  readonly line: string;
}

/** A line of a call that another process's line came between is in two parts, which are joined here. */
function wholeLines(text: string): string[] {
  const begun = new Map<string, string>();
  return text.split("\n").flatMap((line) => {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const [, head] = /^(.*) <unfinished \.\.\.>$/.exec(rest) ?? [];
    if (head !== undefined) {
      begun.set(pid, head);
      return [];
    }
    const [, tail] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    return [`${pid} ${tail === undefined ? rest : `${begun.get(pid) ?? ""}${tail}`}`];
  });
}

function unquote(text: string): string {
  return text.replace(/\\([0-7]{1,3}|.)/g, (_, code: string) =>
    /[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : ({ n: "\n", t: "\t" }[code] ?? code),
  );
}

/** The paths of a call: each string, behind the directory of the descriptor before it, if there is one. */
function pathsOf(call: string, args: string, cwd: string): string[] {
  const written = call.startsWith("exec") ? args.replace(/\[.*$/, "") : args;
  const found = written.matchAll(/(?:(?:AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"/g);
  return Array.from(found, ([, at, path = ""]) => resolve(at === undefined ? cwd : unquote(at), unquote(path)));
}

/** Every call that a process with the effective uid 0 made, failed ones too. The first process is root. */
export function rootCalls(text: string): RootCall[] {
  const euids = new Map<string, number>();
  const cwds = new Map<string, string>();
  const calls: RootCall[] = [];
  let first: string | undefined;
  // A child's first lines can come before the line in which its parent's clone returns: parents are looked up first.
  const lines = wholeLines(text);
  const parents = new Map<string, string>();
  for (const line of lines) {
    const [, parent = "", child = ""] = /^(\d+) (?:clone3?|v?fork)\(.* = (\d+)(?:<.*>)?(?: \(.*\))?$/.exec(line) ?? [];
    if (child) parents.set(child, parent);
  }
  const inherited = <T>(map: Map<string, T>, pid: string, start: T): T => {
    if (!map.has(pid)) {
      const parent = parents.get(pid);
      map.set(pid, parent === undefined ? start : inherited(map, parent, start));
    }
    return map.get(pid) ?? start;
  };
  for (const line of lines) {
    const [, pid = "", call = "", args = "", result = ""] = /^(\d+) (\w+)\((.*)\) += (-?\d+|\?)/.exec(line) ?? [];
    if (!call) continue;
    first ??= pid;
    if (pid !== first && !parents.has(pid)) throw new Error(`the trace does not say who started ${pid}`);
    const [euid, cwd] = [inherited(euids, pid, 0), inherited(cwds, pid, "/")];
    const paths = pathsOf(call, args, cwd);
    if (euid === 0 && paths.length > 0) calls.push({ call, paths, line });
    if (result !== "0") continue;
    const ids = args.split(", ").map(Number);
    if (call === "setuid") euids.set(pid, ids[0] ?? 0);
    if (call === "setreuid" || call === "setresuid") euids.set(pid, ids[1] === -1 ? euid : (ids[1] ?? 0));
    if (call === "chdir" && paths[0]) cwds.set(pid, paths[0]);
  }
  return calls;
}
