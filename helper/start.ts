/**
 * The starter, what the launcher runs as root: stages the code, starts a helper where the command needs one, gives up
 * root for the agent, passes signals and the files named on the command line, and outlives both.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { lchownSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { logRoot, placesOf, stateRoot } from "./places.ts";
import { type Slice, slices, startHelper, writeConfig } from "./slice.ts";
import { stage } from "./stage.ts";

const argv = process.argv.slice(2);
const passed = /^(TASKCLUSTER_\w+|LANG|LC_\w+|TERM|TZ|NO_COLOR|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)$/;

function end(status: number, message: string): never {
  process.stderr.write(`taskcluster-worker: ${message}\n`);
  process.exit(status);
}

/** The value of an option, written as `--name value` or `--name=value`. */
function option(name: string): string | undefined {
  const at = argv.findIndex((word) => word === name || word.startsWith(`${name}=`));
  return argv[at] === name ? argv[at + 1] : argv[at]?.slice(name.length + 1);
}

function openNamed(name: string): [string, number] {
  try {
    return [name, openSync(name, "r")];
  } catch {
    return end(64, `${name} cannot be read: name a file that exists`);
  }
}

function makeArtifacts(directory: string, uid: number): string {
  const path = resolve(directory);
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there && !(there.isDirectory() && readdirSync(path).length === 0))
    end(64, `${directory} is not an empty directory`);
  if (!there) mkdirSync(path);
  lchownSync(path, uid, uid);
  return path;
}

process.umask(0o022);
const isValue = (index: number): boolean => /^--(artifacts|agent-user|config)$/.test(argv[index - 1] ?? "");
const plain = argv.find((word, index) => index > 0 && !word.startsWith("-") && !isValue(index));
const file = /^(run-task|submit)$/.test(argv[0] ?? "") ? plain : undefined;
const files = [file, option("--config")].filter((name) => name !== undefined).map(openNamed);
for (const directory of [`${stateRoot}/staged`, logRoot]) mkdirSync(directory, { recursive: true });
mkdirSync(`${stateRoot}/private`, { recursive: true, mode: 0o700 });
const { node, code } = stage(dirname(import.meta.dirname), process.execPath, `${stateRoot}/staged`);

const accountConfig = writeConfig(`${stateRoot}/private/agent-account-${process.pid}.json`, 5500, code);
function agentAccount(action: "acquire" | "release"): string {
  const words = [join(code, "helper/agent-account.ts"), action, accountConfig];
  const run = spawnSync(node, words, { cwd: "/", env: {}, encoding: "utf8" });
  if (run.status !== 0) end(70, `the agent's account: ${run.stderr.trim()}`);
  return run.stdout;
}
const account: { uid: number; home: string } = JSON.parse(agentAccount("acquire"));
process.once("exit", () => {
  agentAccount("release");
  rmSync(accountConfig);
});
const named = option("--agent-user");
const uid = named ? Number(spawnSync("/usr/bin/id", ["-u", "--", named], { encoding: "utf8" }).stdout) : account.uid;
if (!(uid > 0) || (uid >= 5000 && uid < 6000))
  end(64, `--agent-user ${named} cannot be the agent: name another account`);

let helper: ChildProcess | undefined;
let restart: Promise<unknown> | undefined;
let ending = false;
/** Keeps a helper running for the agent's life: a new one first ends what a killed one left. */
async function serve(candidates: Slice[]): Promise<Slice> {
  for (const slice of candidates) {
    const started = await startHelper(slice, node, code);
    if (typeof started === "number" && started !== 75)
      end(70, `the helper ended: read ${placesOf(slice.name).logs}/helper.log`);
    if (typeof started === "number") continue;
    helper = started;
    helper.once("exit", () => {
      if (!ending) restart = delay(500).then(() => serve([slice]));
    });
    return slice;
  }
  return end(75, `no slice is free: all ${candidates.length} are held by running workers; wait for one to end`);
}

/** Ends the helper cleanly. A killed one gets a successor first, which ends what it left. */
async function endHelper(slice: Slice): Promise<void> {
  ending = true;
  await restart;
  if (helper?.signalCode) await serve([slice]);
  if (helper?.exitCode === null) await new Promise((done) => helper?.once("exit", done).stdin?.end());
}

const env: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name)));
const slice = argv[0] === "run-task" || argv.includes("--with-helper") ? await serve(slices) : undefined;
if (slice) Object.assign(env, { TCW_INSTANCE: slice.name, TCW_SOCKET: placesOf(slice.name).socket });
if (!named) env["TCW_STATE"] = join(account.home, slice?.name ?? "local");
env["TCW_FILES"] = JSON.stringify(Object.fromEntries(files.map(([name], index) => [name, index + 4])));
env["TCW_LIFELINE"] = "3";
const artifacts = option("--artifacts");
if (artifacts) env["TCW_ARTIFACTS"] = makeArtifacts(artifacts, uid);
const agent = spawn(node, ["--disable-sigusr1", join(code, "agent/main.ts"), ...argv], {
  ...{ uid, gid: account.uid, env, detached: true, cwd: file ? dirname(resolve(file)) : process.cwd() },
  stdio: ["ignore", "inherit", "inherit", "pipe", ...files.map(([, fd]) => fd)],
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => agent.kill(signal));
const status = await new Promise<number>((done) => agent.once("exit", (code) => done(code ?? 70)));
if (slice) await endHelper(slice);
process.exit(status);
