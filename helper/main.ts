/**
 * The helper: the only program of this project that stays root. It creates and deletes task users through dscl and
 * starts commands as them, for one agent at a time. Read next: table.ts, session.ts, life.ts, spawn.ts.
 */
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FrameError } from "../shared/protocol/frames.ts";
import { PROTOCOL } from "../shared/protocol/limits.ts";
import { Accounts } from "./accounts.ts";
import { Audit } from "./audit.ts";
import { type Config, readConfig } from "./config.ts";
import { Directories } from "./directories.ts";
import { Dscl } from "./dscl.ts";
import { writable } from "./flags.ts";
import { Journal } from "./journal.ts";
import { Life } from "./life.ts";
import { listen, makeSocketDirectory, removeSocketDirectory } from "./listen.ts";
import { takeLock } from "./lock.ts";
import { type Places, placesOf } from "./places.ts";
import type { Session } from "./session.ts";
import { runTool } from "./spawn.ts";
import { trusted } from "./trust.ts";

const EX_TEMPFAIL = 75;
const EX_CONFIG = 78;

/** One line of the form that the agent's pino writes too. */
function log(level: 30 | 50, msg: string): void {
  process.stderr.write(`${JSON.stringify({ level, time: Date.now(), name: "helper", msg })}\n`);
}

export class Helper {
  readonly version = "0.1.0";
  session: Session | undefined;
  stopping = false;
  readonly #ending = new Set<Promise<void>>();
  readonly places: Places;
  readonly config: Config;
  readonly audit: Audit;
  readonly journal: Journal;
  readonly directories: Directories;
  readonly dscl: Dscl;
  readonly life: Life;

  constructor(instance: string, places: Places, config: Config) {
    this.places = places;
    this.config = config;
    this.audit = new Audit(`${places.logs}/audit.log`);
    this.journal = new Journal(`${places.private}/journal`, config.uidRange);
    this.directories = new Directories(config.tasksDir, instance);
    this.dscl = new Dscl(config.dscl, this.audit);
    const accounts = new Accounts(this.dscl, config, this.journal);
    this.life = new Life({ ...this, accounts });
  }

  /** Ends every user that an earlier helper of this instance left. Resting ones stay: they are proven clean. */
  async recover(): Promise<void> {
    const left = [...this.journal.users.values()].filter(({ state }) => state !== "resting");
    for (const user of left)
      log(30, `${user.name}: left ${user.state} by an earlier helper, now ${(await this.life.end(user)).state}`);
  }

  admit(session: Session): Session {
    if (this.session) throw new FrameError("busy", "another agent is connected");
    this.session = session;
    return session;
  }

  async dismiss(session: Session): Promise<void> {
    if (this.session === session) this.session = undefined;
    const ending = session.close();
    this.#ending.add(ending);
    await ending;
    this.#ending.delete(ending);
    this.publish();
  }

  counts(): { live: number; resting: number; quarantined: number } {
    const states = [...this.journal.users.values()].map(({ state }) => state);
    const of = (state: string): number => states.filter((each) => each === state).length;
    const [resting, quarantined] = [of("resting"), of("quarantined")];
    return { live: states.length - resting - quarantined, resting, quarantined };
  }

  /** Replaces status.json, which anybody may read. Best effort: a full disk must not end the helper. */
  publish(): void {
    const status = { pid: process.pid, version: this.version, protocol: PROTOCOL, agent: this.session !== undefined };
    const beside = `${this.places.status}.new`;
    try {
      writeFileSync(
        beside,
        `${JSON.stringify({ ...status, ...this.counts(), lastDeletionExit: this.dscl.lastDeletionExit })}\n`,
      );
      chmodSync(beside, 0o644);
      renameSync(beside, this.places.status);
    } catch {
      this.audit.note("status-unwritable", {});
    }
  }

  async finish(): Promise<void> {
    this.stopping = true;
    if (this.session) await this.dismiss(this.session);
    await Promise.allSettled(this.#ending);
    this.directories.close();
    this.publish();
  }
}

/** The gid whose members may reach the socket. Throws when the group does not exist. */
async function agentGroup(config: Config): Promise<number> {
  const group = await runTool(config.dscl, ["-plist", ".", "-read", "/Groups/_tcworker", "PrimaryGroupID"], 20_000);
  const gid = Number(/<string>(\d{4})<\/string>/.exec(group.stdout)?.[1]);
  if (!(gid >= 4900 && gid <= 4999)) throw new Error("the group _tcworker does not exist: run the installation again");
  return gid;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { instance: { type: "string" }, config: { type: "string" }, lifeline: { type: "boolean" } },
  });
  if (process.geteuid?.() !== 0) throw new Error("the helper must be started as root");
  const foreign = Object.keys(process.env).find((name) => /^(NODE|DYLD|UV|OPENSSL|SSL|ICU)_/.test(name));
  if (foreign) throw new Error(`the environment variable ${foreign} must not be set for the helper`);
  process.chdir("/");
  process.umask(0o077);
  const instance = values.instance ?? "default";
  const places = placesOf(instance);
  const file = trusted(values.config ?? "");
  const config = readConfig(file);
  for (const path of [
    process.execPath,
    import.meta.filename,
    config.dscl,
    places.state,
    places.logs,
    places.runParent,
  ]) {
    trusted(path);
  }
  const missing = writable(places, config).find((path) => !process.permission.has("fs.write", path));
  if (missing || process.permission.has("fs.write", "/etc/passwd")) {
    throw new Error(`the flags and ${file} differ: ${missing ?? "/etc/passwd"}; render the flags again`);
  }
  if (!existsSync(places.private)) mkdirSync(places.private, 0o700);
  const unlock = await takeLock(`${places.private}/lock`);
  if (typeof unlock === "string") {
    log(50, `instance ${instance} is served by process ${unlock}`);
    return EX_TEMPFAIL;
  }
  const helper = new Helper(instance, places, config);
  const stop = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop.resolve(signal));
  // The starter holds the other end: when it is gone, however it went, so are we.
  if (values.lifeline) process.stdin.on("close", () => stop.resolve("the starter's end")).resume();
  await helper.recover();
  const gid = await agentGroup(config);
  makeSocketDirectory(places, gid);
  const server = await listen(helper, places.socket, gid);
  helper.publish();
  log(30, `instance ${instance} listens on ${places.socket}`);
  process.stdout.write("ready\n");
  log(30, `ending: ${await stop.promise}`);
  server.close();
  await helper.finish();
  removeSocketDirectory(places);
  unlock();
  return 0;
}

process.exitCode = await main().catch((error: unknown) => {
  log(50, error instanceof Error ? error.message : "unknown failure");
  return EX_CONFIG;
});
process.exit();
