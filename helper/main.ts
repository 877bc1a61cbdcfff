/**
 * The helper: the only program of this project that stays root. It creates and deletes task users through dscl and
 * starts commands as them, for one agent at a time. Read next: table.ts, session.ts, life.ts, spawn.ts.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Config, readConfig } from "./config.ts";
import { writable } from "./flags.ts";
import { type Helper, makeHelper, publish } from "./helper.ts";
import { endUser } from "./life.ts";
import { Listener } from "./listen.ts";
import { takeLock } from "./lock.ts";
import { placesOf } from "./places.ts";
import { messageOf } from "./refusal.ts";
import { runTool, tools } from "./spawn.ts";
import { trusted } from "./trust.ts";

/** One JSON line in pino's own form: level, time in milliseconds, msg. Returns the exit status, for who ends with it. */
function log(level: 30 | 50, msg: string, status = 0): number {
  process.stderr.write(`${JSON.stringify({ level, time: Date.now(), name: "helper", msg })}\n`);
  return status;
}

/** Ends every user that an earlier helper of this instance left. Resting ones stay: they are proven clean. */
async function recover(helper: Helper): Promise<void> {
  for (const user of [...helper.journal.users.values()].filter(({ state }) => state !== "resting")) {
    const before = user.state;
    const { state } = await endUser(helper, user);
    log(30, `${user.name}: left ${before} by an earlier helper, now ${state}`);
  }
}

/** The gid whose members may reach the socket. Throws when the group does not exist. */
async function agentGroup({ dscl }: Helper): Promise<number> {
  const gid = Number((await dscl.read("Groups", "_tcworker"))?.["PrimaryGroupID"]?.[0]);
  if (!(gid >= 4900 && gid <= 4999)) throw new Error("the group _tcworker does not exist: run the installation again");
  return gid;
}

/** The uid of the account whose graphics session tasks get. Throws where it is none, root's, a task's, or may be the agent's. */
async function sessionUid({ sessionUser, shareAgentSession, uidRange }: Config, agents: number): Promise<number> {
  const { stdout } = await runTool(tools.id, [sessionUser], 5_000);
  const uid = Number(/^uid=(\d+)\b.* groups=\d/.exec(stdout)?.[1]);
  const free = uid > 0 && [uidRange, [5000, 5999] as const].every(([first, last]) => uid < first || uid > last);
  if (!free) throw new Error(`sessionUser "${sessionUser}" of helper.json must be an account, not root's or a task's`);
  if (!new RegExp(`[=,]${agents}\\b`).test(stdout) || shareAgentSession) return uid;
  throw new Error(`sessionUser "${sessionUser}" of helper.json is in _tcworker, so it may be the agent: name another`);
}

async function main(): Promise<number> {
  // A full disk, or a starter that is gone, must not keep us from ending what is left.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const options = { instance: { type: "string" }, config: { type: "string" }, lifeline: { type: "boolean" } } as const;
  const { instance = "default", config: configPath = "", lifeline } = parseArgs({ options }).values;
  if (process.geteuid?.() !== 0) throw new Error("the helper must be started as root");
  const foreign = Object.keys(process.env).find((name) => /^(NODE|DYLD|UV|OPENSSL|SSL|ICU)_/.test(name));
  if (foreign) throw new Error(`the environment variable ${foreign} must not be set for the helper`);
  process.chdir("/");
  process.umask(0o077);
  const places = placesOf(instance);
  const file = trusted(configPath);
  const config = readConfig(file);
  config.dscl = trusted(config.dscl);
  if (config.launchctl || config.graphical) config.launchctl = trusted(config.launchctl || "/bin/launchctl");
  const folders = [import.meta.dirname, `${import.meta.dirname}/../shared/protocol`];
  const sources = folders.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
  const chain = config.graphical ? [tools.env, tools.perl] : [];
  for (const it of [process.execPath, ...chain, ...sources, places.state, places.logs, places.runParent]) trusted(it);
  const mayWrite = (path: string): boolean => process.permission?.has("fs.write", path) ?? true; // No flags: everything.
  const missing = writable(places, config).find((path) => !mayWrite(path));
  if (import.meta.main && (missing || mayWrite("/etc/passwd"))) {
    throw new Error(`the flags and ${file} differ: ${missing ?? "/etc/passwd"}; render the flags again`);
  }
  if (!existsSync(places.private)) mkdirSync(places.private, 0o700);
  const lock = takeLock(`${places.private}/helper.lock`);
  if (!lock) return log(50, `another helper serves ${instance}; its pid is in ${places.status}`, 75);
  const helper = makeHelper(instance, places, config);
  const stop = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop.resolve(signal));
  // The starter holds the other end: when it is gone, however it went, so are we.
  if (lifeline) process.stdin.on("close", () => stop.resolve("the starter's end")).resume();
  await recover(helper);
  const listener = new Listener(helper);
  const group = await agentGroup(helper);
  if (config.graphical) config.sessionUid = await sessionUid(config, group);
  await listener.listen(group);
  publish(helper);
  log(30, `instance ${instance} listens on ${places.socket}`);
  process.stdout.write("ready\n");
  log(30, `ending: ${await stop.promise}`);
  await listener.close();
  helper.directories.close();
  publish(helper);
  lock.close();
  return 0;
}

/** To its exit. Tests that measure call it without the flags, hence `import.meta.main` above. */
export async function start(): Promise<never> {
  return process.exit(await main().catch((error: unknown) => log(50, messageOf(error), 78)));
}
if (import.meta.main) await start();
