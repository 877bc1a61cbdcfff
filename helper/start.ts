/** The starter: what the launcher runs as root. It stages the code, starts a helper and the agent, and outlives both. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { argv, auditFiles, end, file, makeArtifacts, openNamed, option } from "./command-line.ts";
import { takeLock } from "./lock.ts";
import { logRoot, placesOf, starters, stateRoot } from "./places.ts";
import { type Slice, slices, startHelper, writeConfig } from "./slice.ts";
import { stage } from "./stage.ts";

const passed = /^(TASKCLUSTER_\w+|LANG|LC_\w+|TERM|TZ|NO_COLOR|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)$/;
const plain = { cwd: "/", env: {}, encoding: "utf8" } as const;

process.umask(0o022);
const files = [file, option("--config"), ...auditFiles()].filter((name) => name !== undefined).map(openNamed);
for (const directory of [`${stateRoot}/staged`, logRoot]) mkdirSync(directory, { recursive: true });
mkdirSync(starters, { recursive: true, mode: 0o700 });
const alive = takeLock(`${starters}/${process.pid}`, 10_000); // A living starter: its agent's account is in use.
const { node, code } = await stage(dirname(import.meta.dirname), process.execPath, `${stateRoot}/staged`);

function agentAccount(action: "acquire" | "release"): string {
  if (!alive) end(70, `another process holds ${starters}/${process.pid}`);
  const config = writeConfig(`${stateRoot}/private/agent-account-${process.pid}.json`, 5500, code);
  const run = spawnSync(node, [join(code, "helper/agent-account.ts"), action, config], plain);
  rmSync(config);
  if (action === "release") rmSync(`${starters}/${process.pid}`);
  if (run.status !== 0) end(70, `the agent's account: ${/^Error: (.*)/m.exec(run.stderr)?.[1] ?? run.stderr}`);
  return run.stdout;
}
const account: { uid: number; home: string } = JSON.parse(agentAccount("acquire"));
process.once("exit", () => agentAccount("release"));
const named = option("--agent-user");
const uid = named ? Number(spawnSync("/usr/bin/id", ["-u", "--", named], plain).stdout) : account.uid;
if (!(uid > 0) || (uid >= 5000 && uid < 6000))
  end(64, `--agent-user ${named} cannot be the agent: name an account that exists, not root's or a task's`);

let helper: ChildProcess | undefined;
let agent: ChildProcess | undefined;
let restart: Promise<unknown> | undefined;
let ending = false;
const lastError = ({ name }: Slice, log = `${placesOf(name).logs}/helper.log`): string =>
  `the last error in ${log}: ${/^.*"level":50,[^\n]*"msg":"([^\n]*)"\}\n/s.exec(readFileSync(log, "utf8"))?.[1] ?? "none"}`;
/** Keeps a helper running for the agent's life: a new one first ends what a killed one left. Undefined: no slice is free. */
async function serve(candidates: Slice[]): Promise<Slice | undefined> {
  for (const slice of candidates) {
    const started = await startHelper(slice, node, code, named ? { graphical: false } : {}); // No session of the agent's.
    if (started === 75) continue;
    if (typeof started === "number") end(70, `the helper ended; ${lastError(slice)}`);
    helper = started.once("exit", () => {
      // Without one the slice is another worker's by now, which has ended what was left; its helper is not for our agent.
      if (!ending) restart = delay(500).then(async () => (await serve([slice])) ?? agent?.kill("SIGTERM"));
    });
    return slice;
  }
  return undefined;
}

/** Ends the helper cleanly. A killed one gets a successor first, which ends what it left. */
async function endHelper(slice: Slice): Promise<void> {
  ending = true;
  await restart;
  for (let [ended, tries] = [false, 3]; !ended; ended = helper?.exitCode === 0 || !(await serve([slice]))) {
    if (--tries < 0) end(70, `the helper does not end; ${lastError(slice)}`);
    if (helper?.exitCode !== null || helper.signalCode !== null) continue;
    await new Promise((done) => helper?.once("exit", done).stdin?.end());
  }
}

const env: NodeJS.ProcessEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name)));
const [attacked, runner] = [argv[0] === "break-in", argv.includes("--with-worker-runner")];
const needsHelper = attacked || runner || argv[0] === "run-task" || argv.includes("--with-helper");
const slice = needsHelper ? await serve(slices) : undefined;
if (needsHelper && !slice) end(75, `all ${slices.length} slices are held by running workers; wait for one to end`);
if (slice) Object.assign(env, { TCW_INSTANCE: slice.name, TCW_SOCKET: placesOf(slice.name).socket });
if (!named) env["TCW_STATE"] = join(account.home, slice?.name ?? "local");
if (slice && attacked) {
  files.push(["audit.log", openSync(`${placesOf(slice.name).logs}/audit.log`, "r")]);
  const flag = { path: `${placesOf(slice.name).private}/flag`, text: randomUUID() };
  writeFileSync(flag.path, flag.text, { mode: 0o600 });
  env["TCW_FLAG"] = `${flag.path} ${createHash("sha256").update(flag.text).digest("hex")}`;
}
env["TCW_FILES"] = JSON.stringify(Object.fromEntries(files.map(([name], index) => [name, index + 4])));
env["TCW_LIFELINE"] = "3";
const artifacts = option("--artifacts");
if (artifacts) env["TCW_ARTIFACTS"] = makeArtifacts(artifacts, uid);
agent = spawn(node, ["--disable-sigusr1", "--max-semi-space-size=2", join(code, "agent/main.ts"), ...argv], {
  ...{ uid, gid: account.uid, env, detached: true, cwd: file ? dirname(resolve(file)) : process.cwd() },
  stdio: [attacked || runner ? "inherit" : "ignore", "inherit", "inherit", "pipe", ...files.map(([, fd]) => fd)],
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => agent?.kill(signal));
const [status, by] = await new Promise<[number | null, unknown]>((done) => agent?.once("exit", (...how) => done(how)));
if (slice) await endHelper(slice);
process.exit(status ?? end(70, `${by} ended the agent: its task users end with it, and its claims by themselves`));
