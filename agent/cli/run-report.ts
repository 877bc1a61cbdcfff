/** What `run-task` prints about one task: for people, or with --json one object a line. */
import type { Gone } from "../../shared/protocol/messages.ts";
import type { TaskEvent } from "../task-events.ts";
import type { TaskLog } from "../task-log.ts";
import { messageOf } from "../thrown.ts";
import { type ArtifactFolder, NotSavedError, type Stored } from "./artifact-folder.ts";
import { type ExitStatus, exitStatus, worst } from "./exit-status.ts";
import { followLines, prefixLines } from "./log-follower.ts";
import type { Say } from "./say.ts";

/** An artifact as the queue has it when the task is over. `stored`: its bytes, for links those of what they lead to. */
export interface FinalArtifact {
  readonly name: string;
  readonly storageType: string;
  readonly stored: Stored | null;
}

export interface ReportOptions {
  readonly n: number;
  readonly taskId: string;
  readonly json: boolean;
  /** More than one task: every line says whose it is. */
  readonly several: boolean;
  readonly say: Say;
  /** Where artifacts are kept; null: nowhere. */
  readonly folder: ArtifactFolder | null;
  /** The artifacts of the run, asked for once, when nothing more is uploaded. */
  readonly artifacts: () => readonly FinalArtifact[];
}

type State = "completed" | "failed" | "exception";

const byState: Record<State, ExitStatus> = {
  completed: exitStatus.completed,
  failed: exitStatus.failed,
  exception: exitStatus.exception,
};

/** What an account that was never made leaves behind. */
const nothing = { processes: 0, home: false, account: false, shared: 0 } as const;

function proofOf({ state, left }: Gone) {
  const account = state === "gone" ? left.account : state;
  return { processes: left.processes, home: left.home, account, shared: left.shared };
}

export class RunReport {
  readonly #options: ReportOptions;
  /** Everything is printed in the order it was put here. */
  #printing: Promise<void> = Promise.resolve();
  #claimed = false;
  #user: { name: string; uid: number } | null = null;
  #resolved: { state: State; reason: string } | null = null;
  #ended: Promise<ExitStatus> | null = null;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  get claimed(): boolean {
    return this.#claimed;
  }

  get resolved(): boolean {
    return this.#resolved !== null;
  }

  get ended(): boolean {
    return this.#ended !== null;
  }

  /** Takes the events of this task, and may not wait. */
  take(event: TaskEvent): void {
    this.#claimed = true;
    if (event.event === "claimed") {
      this.#step("claimed");
      this.#now("claimed", {});
      this.#follow(event.log);
    } else if (event.event === "user") {
      this.#user = { name: event.name, uid: event.uid };
      this.#step(`runs as the task user ${event.name}, uid ${event.uid}`);
      this.#now("user", { user: event.name, uid: event.uid });
    } else if (event.event === "started") {
      this.#step("started");
      this.#now("started", {});
    } else if (event.event === "resolved") {
      this.resolve(event.state, event.reason ?? event.state, event.message);
    } else if (event.event === "gone") {
      this.end(event.gone);
    }
  }

  /** `reason` as the queue names it: "completed", "failed", "malformed-payload", … */
  resolve(state: State, reason: string, message: string | null): void {
    if (this.#resolved) return;
    this.#resolved = { state, reason };
    const why = state === "exception" ? ` (${reason})` : "";
    this.#step(`${state}${why}${message ? `: ${message}` : ""}`);
    this.#print("resolved", { state, reason });
  }

  /** Prints the artifacts and the last event. `gone` is null for a task that never had a user, or whose end is unknown. */
  end(gone: Gone | null): void {
    this.#ended ??= this.#end(gone);
  }

  /** The task's exit status, when its last event is printed. */
  async status(): Promise<ExitStatus> {
    return this.#ended ?? exitStatus.internal;
  }

  async #end(gone: Gone | null): Promise<ExitStatus> {
    await this.#printing;
    for (const artifact of this.#options.artifacts()) await this.#artifact(artifact);
    const { state, reason } = this.#resolved ?? { state: "exception" as const, reason: "internal-error" };
    const user = this.#user;
    const unproven = gone ? gone.state === "quarantined" : user !== null;
    const proof = gone ? proofOf(gone) : user === null ? nothing : null;
    if (user) this.#step(unproven ? `the task user ${user.name} could NOT be proven gone` : describe(user.name, gone));
    this.#print("gone", { state, reason, user: user?.name ?? null, uid: user?.uid ?? null, proof });
    await this.#printing;
    return worst([byState[state], unproven ? exitStatus.internal : exitStatus.completed]);
  }

  async #artifact({ name, storageType, stored }: FinalArtifact): Promise<void> {
    const { folder } = this.#options;
    if (!folder || !stored) {
      this.#print("artifact", { name, storageType });
      return;
    }
    try {
      const path = await folder.save(name, stored);
      this.#step(`artifact ${name} is in ${path}`);
      this.#print("artifact", { name, storageType, path });
    } catch (error) {
      if (!(error instanceof NotSavedError)) throw error;
      this.#step(`artifact ${name} was not saved: ${error.message}`);
      this.#print("artifact", { name, storageType, refused: error.message });
    }
  }

  #follow(log: TaskLog): void {
    const { json, several, say, n } = this.#options;
    const reader = log.reader();
    const follow = async () => {
      if (json) await followLines(reader, (text) => this.#line("log", { text }));
      else if (several) await followLines(reader, (text) => say.out(prefixLines(`${n}| `, text)));
      else for await (const chunk of reader) await say.out(chunk);
    };
    // Opened now: the file is removed when the run is over, whether or not our reader has caught up.
    const opened = reader.open();
    this.#printing = this.#printing
      .then(() => opened)
      .then(follow)
      .catch((error: unknown) => this.#step(`its log cannot be shown (${messageOf(error)})`));
    opened.catch(() => {});
  }

  #step(text: string): void {
    this.#options.say.step(`task ${this.#options.n}: ${text}`);
  }

  /** After everything that was to be printed before. */
  #print(event: string, fields: object): void {
    this.#printing = this.#printing.then(() => this.#line(event, fields));
  }

  /** At once: it belongs before the rest of the log that is being printed. */
  #now(event: string, fields: object): void {
    void this.#line(event, fields);
  }

  async #line(event: string, fields: object): Promise<void> {
    const { json, n, taskId, say } = this.#options;
    if (json) await say.out(`${JSON.stringify({ event, n, taskId, ...fields })}\n`);
  }
}

function describe(name: string, gone: Gone | null): string {
  const account = gone?.state === "resting" ? "its account rests" : "no account";
  return `the task user ${name} is gone: no process, no home, ${account}, nothing left in shared places`;
}
