/** Instances that a starter may use: 20 slices of 25 uids behind those of the installed worker. */
import { type ChildProcess, spawn } from "node:child_process";
import { lstatSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, readConfig } from "./config.ts";
import { helperFlags } from "./flags.ts";
import { configFile, placesOf } from "./places.ts";
import { trusted } from "./trust.ts";

export type Slice = (typeof slices)[number];
type Started = ChildProcess | number;
export const slices = Array.from({ length: 20 }, (_, i) => ({ name: `slice-${i + 1}`, firstUid: 5500 + 25 * i }));

/** Writes a root-owned helper.json: the machine's own where there is one, with these uids. Returns its path. */
export function writeConfig(path: string, firstUid: number, code: string, more: Partial<Config> = {}): string {
  const own = lstatSync(configFile, { throwIfNoEntry: false }) ? readConfig(trusted(configFile)) : {};
  const dscl = process.platform === "darwin" ? {} : { dscl: join(code, "test/dscl/dscl") };
  writeFileSync(path, JSON.stringify({ ...dscl, ...own, uidRange: [firstUid, firstUid + 24], maxUsers: 24, ...more }));
  return path;
}

/** Starts the helper of a slice from staged code. Resolves when it listens, or to its exit status when it has ended. */
export function startHelper(slice: Slice, node: string, code: string, more: Partial<Config> = {}): Promise<Started> {
  const { name, firstUid } = slice;
  const places = placesOf(name);
  for (const directory of [places.state, places.runParent]) mkdirSync(directory, { recursive: true });
  mkdirSync(places.logs, { recursive: true, mode: 0o700 });
  // A name of our own: until the helper has the lock, the slice may be another starter's.
  const config = writeConfig(`${places.state}/helper-${process.pid}.json`, firstUid, code, more);
  const script = [join(code, "helper/main.ts"), "--instance", name, "--config", config, "--lifeline"];
  const flags = helperFlags(places, readConfig(config), import.meta.filename.endsWith(".js"));
  const stdio: ["pipe", "pipe", number] = ["pipe", "pipe", openSync(`${places.logs}/helper.log`, "a", 0o600)];
  const helper = spawn(node, [...flags, ...script], { cwd: "/", env: {}, detached: true, stdio });
  helper.stdin?.on("error", () => {});
  const exited = new Promise<number>((done) => helper.once("exit", (status) => done(status ?? 70)));
  // As launchd does: a dscl under way would make a record that no helper knows of. Mostly there is no such group any more.
  void exited.then(() => process.kill(-Number(helper.pid), "SIGKILL")).catch(() => {});
  const ready = new Promise<ChildProcess>((done) => helper.stdout?.once("data", () => done(helper)));
  return Promise.race([exited, ready]).finally(() => rmSync(config));
}
