/** Whether what came of a task is what must come of it. */
import { gunzipSync } from "node:zlib";
import type { LocalQueue, RunStatus, TaskStatus } from "../../agent/local/queue.ts";
import type { Shortage } from "./disk.ts";
import type { Expected, SoakTask } from "./task-kinds.ts";

const logName = "public/logs/live_backing.log";
const cut = "[taskcluster:error] What the task wrote from here on is lost: the disk of the worker is full.";
/** What a run may end with that is no fault of its task: the queue makes another. */
const lostReasons = ["worker-shutdown", "claim-expired", "intermittent-task"];
/** What a run may end with while a disk is full. */
const shortEnds = ["exception/resource-unavailable", "failed/failed"];

/** The network of a soak is slow at times. */
const longestUploadMs = 20_000;

/** Of a log, for whoever wants to know why. */
const mostLines = 8;

/** How much of what is wanted must be there. */
type Whole = "whole" | "whole or missing" | "a beginning";

/** What commands wrote: the worker's own lines begin so, and commands of a soak begin none like that. */
function outputOf(log: Buffer): Buffer {
  const lines = log.toString("latin1").split(/(?<=\n)/);
  return Buffer.from(lines.filter((line) => !line.startsWith("[taskcluster")).join(""), "latin1");
}

function difference(what: string, got: Buffer, wanted: Buffer, whole: Whole): string[] {
  if (got.equals(whole === "a beginning" ? wanted.subarray(0, got.length) : wanted)) return [];
  const at = got.findIndex((byte, index) => byte !== wanted[index]);
  return [`${what} has ${got.length} bytes instead of ${wanted.length}, the first other one is ${at}`];
}

const wrongLog = (log: Buffer, output: Buffer | null): string[] =>
  output === null ? [] : difference("the log", outputOf(log), output, "whole");

/** Of a task that met the worker's own full disk. */
export function wrongShortLog(log: Buffer, output: Buffer | null): string[] {
  const text = log.toString("latin1");
  const lines = text.split("\n");
  // The sentence about the cut begins a line of its own, so that the line end before it is not the task's.
  const at = text.indexOf(`\n${cut}\n`);
  const said = outputOf(at < 0 ? log : log.subarray(0, at));
  const wrong = lines.some((line) => line.startsWith("[taskcluster:error] ")) ? [] : ["the log gives no reason"];
  // A task that could not be begun has said nothing.
  if (output === null || said.length === 0) return wrong;
  return [...wrong, ...difference("the log", said, output, at < 0 ? "whole" : "a beginning")];
}

/** What a task may have met. */
export interface Trouble {
  readonly shortages: readonly Shortage[];
  /** Where logs and copies of artifacts lie; the other disks are the tasks' own. */
  readonly agentDisk: string;
  /** When agents were killed. */
  readonly kills: readonly number[];
}

export class TaskCheck {
  readonly #queue: LocalQueue;
  readonly #trouble: Trouble;

  constructor(queue: LocalQueue, trouble: Trouble) {
    this.#queue = queue;
    this.#trouble = trouble;
  }

  /** Disks that were full at some time of a run. */
  #fullDuring({ started, resolved }: RunStatus): Set<string> {
    const [from, until] = [Date.parse(started ?? ""), Date.parse(resolved ?? "")];
    const { shortages } = this.#trouble;
    return new Set(shortages.filter((each) => each.from <= until && each.until >= from).map(({ disk }) => disk));
  }

  /** Sentences of what is wrong; none when all is well. */
  async wrong(taskId: string, task: SoakTask, { runs }: TaskStatus): Promise<string[]> {
    const { expected, kind } = task;
    const last = runs.at(-1);
    if (!last) return ["it has no run"];
    const earlier = runs.slice(0, -1).map(({ reasonResolved = "" }) => reasonResolved);
    const foreign = earlier.filter((reason) => !lostReasons.includes(reason));
    if (foreign.length > 0) return [`earlier runs are ${foreign.join(", ")}`];
    const found = `${last.state}/${last.reasonResolved}`;
    const wanted = `${expected.state}/${expected.reason}`;
    const full = this.#fullDuring(last);
    if (found === wanted) return this.#wrongContents(taskId, task, last, full);
    // Its second run is its last, whoever was to blame for the first.
    if (kind === "asks for a retry" && last.state === "exception" && lostReasons.includes(last.reasonResolved ?? ""))
      return [];
    if (full.size === 0 || !shortEnds.includes(found))
      return [`${found} instead of ${wanted}, says: ${await this.#lastLines(taskId)}`];
    if (last.state === "failed" && !this.#isTasksOwn(full)) return [`${found} for a full disk of the worker`];
    return this.#wrongInShortage(taskId, task, full);
  }

  /** An exception is reported first, and its log uploaded after that, by nobody but the agent of that time. */
  #logMayBeLost({ state, resolved }: RunStatus): boolean {
    const reported = Date.parse(resolved ?? "");
    return (
      state === "exception" &&
      this.#trouble.kills.some((at) => at > reported - 1_000 && at < reported + longestUploadMs)
    );
  }

  #isTasksOwn(full: ReadonlySet<string>): boolean {
    return [...full].some((disk) => disk !== this.#trouble.agentDisk);
  }

  async #wrongContents(
    taskId: string,
    { kind, expected }: SoakTask,
    last: RunStatus,
    full: ReadonlySet<string>,
  ): Promise<string[]> {
    // Nobody is owed the log of a run that was cancelled before it had begun.
    if (kind === "cancelled") return [];
    const log = await this.#content(taskId, logName);
    if (!log) return this.#logMayBeLost(last) ? [] : ["there is no log"];
    // An exception whose log met a full disk besides is what it would have been, with less of a log.
    const isCut = last.state === "exception" && full.has(this.#trouble.agentDisk) && log.includes(cut);
    const { output, artifacts } = expected;
    const there = new Set(this.#there(taskId).map(({ name }) => name));
    const missing = [...artifacts.keys()].filter((name) => !there.has(name)).map((name) => `${name} is not there`);
    return [
      ...(isCut ? wrongShortLog(log, output) : wrongLog(log, output)),
      ...missing,
      ...(await this.#wrongArtifacts(taskId, artifacts, "whole")),
    ];
  }

  /** It ended for the lack of room: what there is of it is good, and its log says why it is no more. */
  async #wrongInShortage(taskId: string, { expected }: SoakTask, full: ReadonlySet<string>): Promise<string[]> {
    // A task cannot write its files whole either, and says so in its log.
    if (this.#isTasksOwn(full)) return this.#wrongArtifacts(taskId, expected.artifacts, "a beginning");
    const log = await this.#content(taskId, logName);
    return [
      ...(log ? wrongShortLog(log, expected.output) : []),
      ...(await this.#wrongArtifacts(taskId, expected.artifacts, "whole or missing")),
    ];
  }

  #there(taskId: string) {
    return this.#queue.artifacts(taskId).filter(({ name }) => !name.startsWith("public/logs/"));
  }

  async #content(taskId: string, name: string): Promise<Buffer | null> {
    const url = `${this.#queue.rootUrl}/api/queue/v1/task/${taskId}/artifacts/${name}`;
    const answer = await fetch(url, { headers: { "accept-encoding": "identity" } });
    if (!answer.ok) return null;
    const bytes = Buffer.from(await answer.arrayBuffer());
    // Storage answers with what was stored, whatever is asked for.
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  }

  async #lastLines(taskId: string): Promise<string> {
    const log = await this.#content(taskId, logName);
    return JSON.stringify(log?.toString("latin1").trimEnd().split("\n").slice(-mostLines) ?? "nothing");
  }

  /** Of the artifacts that there are. */
  async #wrongArtifacts(taskId: string, all: Expected["artifacts"], whole: Whole): Promise<string[]> {
    const wrong: string[] = [];
    for (const { name, storageType } of this.#there(taskId)) {
      const wanted = all.get(name);
      const got = storageType === "error" ? null : await this.#content(taskId, name);
      if (wanted === undefined) wrong.push(`${name} was not asked for`);
      else if (wanted === null) wrong.push(...(storageType === "error" ? [] : [`${name} is no error`]));
      else if (got) wrong.push(...difference(name, got, wanted, whole));
      else if (whole === "whole") wrong.push(`${name} has no content`);
    }
    return wrong;
  }
}
