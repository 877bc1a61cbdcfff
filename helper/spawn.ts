/**
 * The only module of the helper that starts processes. Three kinds: root's own tools (constant absolute path, argv and
 * environment), constant tools as a task user, and the commands of a task. Never a shell string from anywhere.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Exited, Requests } from "../shared/protocol/messages.ts";
import type { Config } from "./config.ts";

/** Every tool that runs as root, by absolute path, besides bash, dscl and launchctl. */
export const tools = { ps: "/bin/ps", id: "/usr/bin/id", env: "/usr/bin/env", perl: "/usr/bin/perl" } as const;

const constantEnv = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" };
const bash = ["--norc", "--noprofile", "-p", "-c"];
const becomeUser = readFileSync(new URL("./become-user.sh", import.meta.url), "utf8");
const sweep = readFileSync(new URL("./sweep.sh", import.meta.url), "utf8");
const kill = '[[ $UID == "$1" && $EUID == "$1" ]] && echo ran && kill -KILL -1'; // Root: only as that user.
/** Root, in the graphics session: while the helper lives, at descriptor 3, perl becomes the user for good, then a shell. */
const become = `my $u = shift; %ENV = (); open H, ">&3"; syswrite H, "\\n" and ($<, $>) = ($u, $u); $< == $u && $> == $u && exec { $ARGV[0] } @ARGV`;
/** By uid, from its first graphical command until it is killed: shells, or what is still root and about to become one. */
export const seats = new Map<number, Set<ChildProcess>>();
const maxOutput = 8 * 1024 * 1024;

export interface ToolResult {
  /** Null when a signal ended it, or our own limits did. */
  exit: number | null;
  stdout: string;
}

function collect(child: ChildProcess, timeoutMs: number): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    const stop = (): void => {
      child.kill("SIGKILL");
      child.stdout?.destroy(); // Its own children may hold it open.
      resolve({ exit: null, stdout }); // Now: the kernel may keep it for longer than anybody should wait.
    };
    const timer = setTimeout(stop, timeoutMs);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.length > maxOutput) stop();
    });
    child.on("error", reject);
    child.on("close", (exit: number | null) => {
      clearTimeout(timer);
      resolve({ exit, stdout });
    });
  });
}

/** Runs a tool as root. Rejects when it cannot be started at all. */
export async function runTool(file: string, args: readonly string[], timeoutMs: number): Promise<ToolResult> {
  // Root: `file` is dscl or one of the tools above, `args` are built by the caller from names the helper made.
  return collect(spawn(file, args, { cwd: "/", env: constantEnv, stdio: ["ignore", "pipe", "ignore"] }), timeoutMs);
}

/** Root: Node takes `uid: null` for "stay root", and XNU ignores setuid(-101). Nothing else may become a uid. */
function checked(uid: number, config: Config): { uid: number; gid: number } {
  const [first, last] = config.uidRange;
  if (!Number.isInteger(uid) || uid < first || uid > last) throw new Error(`uid ${uid} is no task uid`);
  return { uid, gid: uid };
}

/** Runs constant lines as a task user, `ms` at most: what only that user may touch is removed, or all it may kill killed. */
export async function runAs(uid: number, config: Config, what: "sweep" | "kill", args: string[], ms: number) {
  const options = { ...checked(uid, config), cwd: "/", env: constantEnv, detached: true };
  const argv = [...bash, { sweep, kill }[what], what, ...args];
  return collect(spawn("/bin/bash", argv, { ...options, stdio: ["ignore", "pipe", "ignore"] }), ms);
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The four times of bash's `times`: user and system of the shell, then of what it waited for. */
function milliseconds(report: string): number[] {
  const times = report.matchAll(/(\d{1,6})m(\d{1,2}\.\d{1,3})s/g);
  return Array.from(times, ([, m, s]) => Math.round(Number(m) * 60_000 + Number(s) * 1000));
}

/**
 * Starts a command as the task user. Everything of the request is data: the lines in become-user.sh read it after the
 * ids have changed. Returns undefined when the system has no process to give; `ended` is called once otherwise.
 */
export function startCommand(
  request: Pick<Requests["spawn"], "argv" | "env" | "graphical">,
  as: { uid: number; cwd: string; stdin: Socket | undefined; output: Socket | undefined },
  config: Config,
  ended: (how: Omit<Exited, "process">) => void,
): ChildProcess | undefined {
  const ids = checked(as.uid, config);
  const relay = as.output && process.platform !== "darwin" ? "relay" : "direct";
  const { processes, files } = config.limits;
  const prologue = [ids.uid, processes, files, config.umask, as.cwd, relay].map(String);
  const shell = ["/bin/bash", ...bash, becomeUser, "become-user", ...prologue, ...request.argv];
  const chain = [tools.env, "-i", tools.perl, "-e", become, `${ids.uid}`]; // launchctl may add variables: none for perl.
  const session = [config.launchctl, "asuser", `${config.sessionUid}`, ...chain];
  const [file = "", ...args] = request.graphical ? [...session, ...shell] : shell;
  const child = spawn(file, args, {
    ...(request.graphical ? { gid: ids.gid } : ids),
    cwd: "/",
    env: {},
    detached: true,
    stdio: [as.stdin ?? "ignore", as.output ?? "ignore", as.output ?? "ignore", "pipe"],
  });
  const channel = child.stdio[3];
  let report = "";
  child.on("error", () => {});
  if (child.pid === undefined || !channel || !("write" in channel)) return undefined;
  if (request.graphical) seats.set(ids.uid, (seats.get(ids.uid) ?? new Set()).add(child));
  channel.on("error", () => {}); // The task may kill the shell that reads this before it has read it.
  channel.on("data", (bytes: Buffer) => {
    if (report.length < 4096) report += bytes.toString("latin1");
  });
  const exports = Object.entries(request.env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  channel.write(`${exports.join("")}\0`);
  child.on("close", (_, signal: string | null) => {
    seats.get(ids.uid)?.delete(child); // All of the chain have ended: each holds descriptor 3.
    // No report: the lines were killed, or refused it, then without a signal. A task can forge one: hence the bounds.
    const exit = /^exit (1?\d?\d|2[0-4]\d|25[0-5])$/m.exec(report)?.[1];
    const [, , userMs = 0, systemMs = 0] = milliseconds(report);
    const how = exit === undefined ? { code: null, signal } : { code: Number(exit), signal: null };
    ended({ ...how, userMs, systemMs });
  });
  return child;
}
