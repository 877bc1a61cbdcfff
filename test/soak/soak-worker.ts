/** The worker of a soak: the launcher with a helper of its own, started again whenever it has ended. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Launched } from "../stories/launched.ts";
import type { User } from "../stories/machine-clean.ts";

export class SoakWorker {
  readonly #folder = mkdtempSync(join(tmpdir(), "soak-"));
  readonly #env: Readonly<Record<string, string>>;
  readonly #past: Launched[] = [];
  #now: Launched;
  #ending = false;
  #running: Promise<void>;
  /** Exit statuses of those that have ended, the last one last. */
  readonly statuses: (number | null)[] = [];

  /** `settings` go into worker.yml; `env` has the place and the credentials of the queue. */
  constructor(settings: object, env: Readonly<Record<string, string>>) {
    this.#env = env;
    writeFileSync(join(this.#folder, "worker.yml"), JSON.stringify(settings), { mode: 0o600 });
    this.#now = this.#launch();
    this.#running = this.#keepRunning();
  }

  #launch(): Launched {
    const config = join(this.#folder, "worker.yml");
    return new Launched(["work", "macosx", "--with-helper", "--config", config], { env: this.#env });
  }

  async #keepRunning(): Promise<void> {
    for (;;) {
      this.statuses.push(await this.#now.end());
      if (this.#ending) return;
      this.#past.push(this.#now);
      this.#now = this.#launch();
    }
  }

  /** NaN for one that is not there at this moment. */
  pids(): { starter: number; helper: number; agent: number } {
    return { starter: this.#now.pid, ...this.#now.processes() };
  }

  /** A signal to one of its processes. False when that one is not there at this moment. */
  signal(which: "starter" | "helper" | "agent", signal: NodeJS.Signals): boolean {
    const pid = this.pids()[which];
    if (!(pid > 1)) return false;
    try {
      process.kill(pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  /** Every task user that the worker has told of. */
  users(): User[] {
    return [...this.#past, this.#now].flatMap(({ stderr }) =>
      stderr.flatMap((line) => {
        if (!line.includes('"task user created"')) return [];
        const { user, uid }: User = JSON.parse(line);
        return [{ user, uid }];
      }),
    );
  }

  /** Lines of the agents' logs at warn and above, and what is no log line, the newest last. */
  complaints(): string[] {
    return [...this.#past, this.#now].flatMap(({ stderr }) =>
      stderr.filter((line) => !/^\{"level":"(trace|debug|info)",/.test(line)),
    );
  }

  /** Lets the tasks under way finish, and ends it. */
  async stop(): Promise<void> {
    this.#ending = true;
    this.#now.signal("SIGTERM");
    await this.#running;
    rmSync(this.#folder, { recursive: true });
  }
}
