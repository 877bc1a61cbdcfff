/**
 * `launchctl` for Linux, as far as installers use it: jobs that really run, with its exit codes, of the system and of a user
 * who is always logged in. Arguments: a folder for its memory, then those of launchctl. `supervise DOMAIN PLIST` is its own: it stays with one job, as launchd does.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "plist";

const [memory = "", command = "", ...words] = process.argv.slice(2);

interface Job {
  readonly label: string;
  readonly argv: readonly string[];
  /** Started again when it did not end with 0. */
  readonly keptAlive: boolean;
  readonly throttleMs: number;
  readonly exitTimeOutMs: number;
  /** The account that it runs as, by name or uid; null for root. */
  readonly user: string | null;
  readonly log: string | null;
}

const uidOf = (domain: string): string | null => /^gui\/(\d+)/.exec(domain)?.[1] ?? null;

function jobOf(plist: string, domain = "system"): Job {
  const content = parse(readFileSync(plist, "utf8"));
  if (typeof content !== "object" || content === null) throw new Error(`${plist} is no job`);
  const all: Readonly<Record<string, unknown>> = { ...content };
  const { Label, ProgramArguments, KeepAlive, ThrottleInterval, ExitTimeOut, UserName, StandardOutPath } = all;
  if (!Array.isArray(ProgramArguments)) throw new Error(`${plist} starts nothing`);
  return {
    label: String(Label),
    argv: ProgramArguments.map(String),
    keptAlive: KeepAlive !== undefined,
    throttleMs: 1000 * Number(ThrottleInterval ?? 10),
    exitTimeOutMs: 1000 * Number(ExitTimeOut ?? 20),
    user: uidOf(domain) ?? (UserName === undefined ? null : String(UserName)),
    log: StandardOutPath === undefined ? null : String(StandardOutPath),
  };
}

const fileOf = (label: string): string => join(memory, label);
/** The supervisor's pid; undefined when the job is not loaded. */
function loaded(target: string): number | undefined {
  const file = fileOf(target.replace(/^(system|gui\/\d+)\//, ""));
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}

function refuse(status: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(status);
}

async function bootstrap(domain: string, plist: string): Promise<void> {
  const { label } = jobOf(plist);
  if ((statSync(plist).mode & 0o022) !== 0) refuse(5, "Bootstrap failed: 5: Input/output error");
  if (loaded(label) !== undefined) refuse(37, "Bootstrap failed: 37: Operation already in progress");
  const argv = ["--disable-warning=ExperimentalWarning", import.meta.filename, memory, "supervise", domain, plist];
  spawn(process.execPath, argv, { detached: true, stdio: "ignore" }).unref();
  while (loaded(label) === undefined) await delay(20);
}

async function bootout(target: string): Promise<void> {
  const pid = loaded(target);
  if (target.startsWith("user/")) refuse(113, "Boot-out failed: 113: Could not find specified service");
  if (pid === undefined) refuse(3, "Boot-out failed: 3: No such process");
  process.kill(pid, "SIGTERM");
  while (loaded(target) !== undefined) await delay(20);
}

/** With the account's groups, as launchd does it. */
function asUser(user: string | null): string[] {
  if (user === null) return [];
  const idOf = (option: string): string => spawnSync("/usr/bin/id", [option, user], { encoding: "utf8" }).stdout.trim();
  return ["/usr/bin/setpriv", `--reuid=${idOf("-u")}`, `--regid=${idOf("-g")}`, "--init-groups"];
}

/** Starts the job, again where launchd would, until SIGTERM unloads it. SIGUSR2 is `kickstart -k`. */
async function supervise(job: Job): Promise<void> {
  const unload = Promise.withResolvers<"unload">();
  let kicked = false;
  let kill = (_signal: NodeJS.Signals): void => {};
  process.on("SIGUSR2", () => {
    kicked = true;
    kill("SIGKILL");
  });
  process.once("SIGTERM", () => unload.resolve("unload"));
  const alive = setInterval(() => {}, 60_000);
  for (let more = true; more; ) {
    const [file = "", ...argv] = [...asUser(job.user), ...job.argv];
    const output = job.log === null ? "ignore" : openSync(job.log, "a");
    const stdio = ["ignore", output, output] as const;
    const child = spawn(file, argv, { cwd: "/", env: { PATH: "/usr/bin:/bin" }, detached: true, stdio: [...stdio] });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    kill = (signal) => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-Number(child.pid), signal);
    };
    writeFileSync(fileOf(job.label), `${process.pid}`);
    const end = await Promise.race([ended, unload.promise]);
    if (end === "unload") {
      kill("SIGTERM");
      await Promise.race([ended, delay(job.exitTimeOutMs)]);
      kill("SIGKILL");
      more = false;
    } else if (!kicked) {
      const again = job.keptAlive && end !== 0;
      more = (await Promise.race([unload.promise, ...(again ? [delay(job.throttleMs, "again")] : [])])) === "again";
    }
    kicked = false;
  }
  clearInterval(alive);
  rmSync(fileOf(job.label));
}

switch (command) {
  case "enable":
    break;
  case "bootstrap":
    await bootstrap(words[0] ?? "", words[1] ?? "");
    break;
  case "print":
    if (/^(system|gui\/\d+)$/.test(words[0] ?? "")) break;
    if (loaded(words[0] ?? "") === undefined) refuse(113, "Could not find service");
    process.stdout.write("\tstate = running\n");
    break;
  case "kickstart": {
    const pid = loaded(words[1] ?? "");
    if (pid === undefined) refuse(113, "Could not find service");
    process.kill(pid, "SIGUSR2");
    break;
  }
  case "bootout":
    await bootout(words[0] ?? "");
    break;
  case "asuser": {
    const [, file = "", ...argv] = words;
    process.exitCode = spawnSync(file, argv, { stdio: "inherit" }).status ?? 1;
    break;
  }
  case "supervise":
    await supervise(jobOf(words[1] ?? "", words[0]));
    process.exit();
    break;
  default:
    refuse(64, `launchctl ${command}`);
}
