/** The machine that doctor runs on. */
import { spawn } from "node:child_process";
import { closeSync, lstatSync, openSync, readdirSync, readSync, realpathSync, type Stats, statfsSync } from "node:fs";
import { readConfig } from "../../helper/config.ts";
import { isProcess } from "../../shared/process-alive.ts";
import { readManifest, verifyRelease } from "../release/verify.ts";
import { type Absolute, DeniedError, type Entry, type Machine, type Ran, type ToolOptions } from "./machine.ts";

const mostBytes = 1024 * 1024;
const usualTimeoutMs = 10_000;
/** After a tool's exit, for whoever holds its output still. */
const drainMs = 2_000;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Null for what is not there. Throws DeniedError, and the system's error. */
function orNull<T>(path: string, look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return null;
    if (code === "EACCES" || code === "EPERM") throw new DeniedError(path);
    throw error;
  }
}

function kindOf(stats: Stats): Entry["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "link";
  return stats.isSocket() ? "socket" : "other";
}

function entryOf(stats: Stats): Entry {
  const { uid, gid, mode, size, dev } = stats;
  return { kind: kindOf(stats), uid, gid, mode: mode & 0o7777, size, volume: dev };
}

/** A file that grows, or a device, cannot make us read on and on. */
function readBounded(path: string): string {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(mostBytes);
    let length = 0;
    for (let read = -1; read !== 0 && length < mostBytes; length += read) {
      read = readSync(file, buffer, length, mostBytes - length, null);
    }
    return buffer.toString("utf8", 0, length);
  } finally {
    closeSync(file);
  }
}

function runTool(tool: Absolute, args: readonly string[], options: ToolOptions): Promise<Ran> {
  const { timeoutMs = usualTimeoutMs, graceMs = 0, as } = options;
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const env = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };
  const child = spawn(tool, args, { cwd: "/", env, stdio: ["ignore", "pipe", "pipe"], ...as });
  let ended: Ran | undefined;
  const timers: NodeJS.Timeout[] = [];
  const end = (how: Ran): void => {
    ended ??= how;
    child.kill(graceMs > 0 ? "SIGTERM" : "SIGKILL");
    if (graceMs > 0) timers.push(setTimeout(() => child.kill("SIGKILL"), graceMs));
  };
  timers.push(setTimeout(() => end({ end: "timed-out", why: `did not end in ${timeoutMs / 1_000} s` }), timeoutMs));
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      if (output[name].length > mostBytes) end({ end: "too-much", why: `wrote more than ${mostBytes} bytes` });
    });
  }
  child.once("error", (error) => {
    ended ??= { end: "not-started", why: `cannot be started (${codeOf(error) || error.message})` };
    child.emit("close", null, null);
  });
  child.once("exit", () => {
    const late = setTimeout(() => {
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    }, drainMs);
    timers.push(late);
  });
  child.once("close", (status: number | null, signal: NodeJS.Signals | null) => {
    for (const timer of timers) clearTimeout(timer);
    const killed: Ran = { end: "killed", why: `was ended by ${signal}` };
    resolve(ended ?? (status === null ? killed : { end: "exited", status, ...output }));
  });
  return promise;
}

export const thisMachine: Machine = {
  platform: process.platform,
  uid: process.geteuid?.() ?? -1,
  now: () => new Date(),
  look: (path) => orNull(path, () => entryOf(lstatSync(path))),
  resolve: (path) => orNull(path, () => realpathSync(path)),
  list: (path) => orNull(path, () => readdirSync(path).sort()),
  read: (path) => orNull(path, () => readBounded(path)),
  freeMegabytes: (path) =>
    orNull(path, () => {
      const { bavail, bsize } = statfsSync(path);
      return Math.floor((bavail * bsize) / 1e6);
    }),
  isProcess,
  helperConfig: (path) => orNull(path, () => readConfig(path)) ?? missing(path),
  wrongFiles: (release) => verifyRelease(release),
  nodeSource: (release) => readManifest(release).node.source,
  run: (tool, args, options = {}) => runTool(tool, args, options),
};

function missing(path: string): never {
  throw new Error(`${path} is missing`);
}
