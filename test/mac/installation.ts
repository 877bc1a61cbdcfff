/** The worker installed where an installation is, on a Mac that can be thrown away, and what is there before and after it. */
import { type ChildProcess, spawn } from "node:child_process";
import { lstatSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { layoutOf } from "../../launchd/layout.ts";
import { helperLabel } from "../../launchd/plists.ts";
import type { Ground } from "./ground.ts";
import { until } from "./job.ts";
import { type Answer, NotAsked } from "./probe.ts";
import type { RunProgram } from "./run-program.ts";

const minutes = 60_000;
/** Of a name in a directory where others have theirs too. */
const ours = /taskcluster|_?tcw/i;

function existing(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function below(path: string): string[] {
  const stats = lstatSync(path);
  const line = `${path} ${stats.uid}:${stats.gid} ${stats.mode.toString(8)}`;
  return stats.isDirectory() ? [line, ...existing(path).flatMap((name) => below(join(path, name)))] : [line];
}

/** Everything of ours that the directories of an installation hold, our accounts and groups, and whether the helper's job is loaded. */
export async function traces(ground: Ground): Promise<string[]> {
  const layout = layoutOf(ground.machine.root);
  const { base, support, stateRoot, logRoot, newsyslog, helperPlist, agentPlist } = layout;
  const parents = new Set([base, support, stateRoot, logRoot, newsyslog, helperPlist, agentPlist].map(dirname));
  const files = [...parents, join(ground.machine.root, "Users")].flatMap((parent) =>
    existing(parent)
      .filter((name) => ours.test(name))
      .flatMap((name) => below(join(parent, name))),
  );
  const records = await Promise.all(
    ["/Users", "/Groups"].map(async (type) => {
      const { stdout } = await ground.dscl(".", "-list", type);
      return stdout.split("\n").filter((name) => ours.test(name));
    }),
  );
  const job = await ground.launchctl("print", `system/${helperLabel}`);
  return [...files, ...records.flat(), ...(job.exit === 0 ? [helperLabel] : [])];
}

export class Installation {
  readonly layout: ReturnType<typeof layoutOf>;
  readonly #ground: Ground;
  readonly #before: readonly string[];
  readonly #ends: string[] = [];
  readonly #more: string[] = [];

  /** Throws NotAsked where something is installed: that is not ours to remove. */
  static async begin(ground: Ground): Promise<Installation> {
    const layout = layoutOf(ground.machine.root);
    const there = [layout.base, layout.receipt, layout.support].find((path) =>
      existing(dirname(path)).includes(basename(path)),
    );
    if (there !== undefined) throw new NotAsked(`${there} is there already: this Mac has an installation`);
    const before = await traces(ground);
    ground.ledger.note({ kind: "installation" });
    return new Installation(ground, layout, before);
  }

  private constructor(ground: Ground, layout: ReturnType<typeof layoutOf>, before: readonly string[]) {
    this.#ground = ground;
    this.layout = layout;
    this.#before = before;
  }

  /** Runs a program to its end, which is part of the answer as `NAME EXIT`; resolves to what it printed. */
  async run(name: string, file: string, argv: readonly string[], options: RunProgram = {}): Promise<string> {
    const { exit, signal, stdout, stderr } = await this.#ground.run(file, argv, { timeout: 9 * minutes, ...options });
    this.#ends.push(`${name} ${exit ?? signal}`);
    if (exit !== 0) this.#more.push(...stderr.trim().split("\n").slice(-12));
    return stdout;
  }

  /** A command of ours from where the suite is, as somebody types the first one. */
  ours(command: string, ...argv: readonly string[]): Promise<string> {
    return this.run(command, this.#ground.machine.launcher, [command, ...argv]);
  }

  /** A command of what has been installed. */
  installed(command: string, ...argv: readonly string[]): Promise<string> {
    return this.run(command, join(this.layout.current, "taskcluster-worker"), [command, ...argv]);
  }

  /** Something that holds or does not, as a part of the answer. */
  saw(what: string): void {
    this.#ends.push(what);
  }

  tell(lines: readonly string[]): void {
    this.#more.push(...lines);
  }

  /** Takes the installation back, and compares what is there with what was. */
  async end(): Promise<Answer> {
    await this.ours("uninstall", "--purge");
    const [before, after] = [new Set(this.#before), new Set(await traces(this.#ground))];
    const added = [...after].filter((line) => !before.has(line)).map((line) => `left: ${line}`);
    const gone = [...before].filter((line) => !after.has(line)).map((line) => `gone: ${line}`);
    this.#ends.push([...added, ...gone].length === 0 ? "as before" : "not as before");
    return { seen: this.#ends.join(", "), more: [...this.#more, ...added, ...gone] };
  }
}

/** The embedded queue beside a probe, with which it ends. */
export class Queue {
  readonly #env: Readonly<Record<string, string>>;
  readonly #child: ChildProcess;

  static async start(ground: Ground): Promise<Queue> {
    const child = spawn(ground.machine.launcher, ["queue"], { cwd: "/", stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
    });
    await until(() => /^export TASKCLUSTER_WORKER_ID=.*\n/m.test(text), "the queue has said where it is");
    const pairs = [...text.matchAll(/^export (\w+)='?([^'\n]*)'?$/gm)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]);
    return new Queue(Object.fromEntries(pairs), child);
  }

  private constructor(env: Readonly<Record<string, string>>, child: ChildProcess) {
    this.#env = env;
    this.#child = child;
  }

  /** What `submit` needs. */
  get env(): Readonly<Record<string, string>> {
    return { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", ...this.#env };
  }

  /** Settings of a worker for it; the file is root's alone. */
  settings(folder: string): string {
    const of = (name: string): string => this.#env[`TASKCLUSTER_${name}`] ?? "";
    const [provisionerId, workerType] = of("WORKER_POOL_ID").split("/");
    const settings = {
      ...{ rootURL: of("ROOT_URL"), clientId: of("CLIENT_ID"), accessToken: of("ACCESS_TOKEN") },
      ...{ provisionerId, workerType, workerGroup: of("WORKER_GROUP"), workerId: of("WORKER_ID") },
    };
    const file = join(folder, "worker.yml");
    writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
    return file;
  }

  stop(): void {
    this.#child.kill("SIGTERM");
  }
}
