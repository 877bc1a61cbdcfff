/** Whether what came of a task is what must come of it. */
import { gunzipSync } from "node:zlib";
import type { LocalQueue, TaskStatus } from "../../agent/local/queue.ts";
import type { SoakTask } from "./task-kinds.ts";

const logName = "public/logs/live_backing.log";
/** What a run may end with that is no fault of its task: the queue makes another. */
const lostReasons = ["worker-shutdown", "claim-expired", "intermittent-task"];

/** What commands wrote: the worker's own lines begin so, and commands of a soak begin none like that. */
function outputOf(log: Buffer): Buffer {
  const lines = log.toString("latin1").split(/(?<=\n)/);
  return Buffer.from(lines.filter((line) => !line.startsWith("[taskcluster")).join(""), "latin1");
}

function difference(what: string, got: Buffer, wanted: Buffer): string[] {
  if (got.equals(wanted)) return [];
  const at = got.findIndex((byte, index) => byte !== wanted[index]);
  return [`${what} has ${got.length} bytes instead of ${wanted.length}, the first other one is ${at}`];
}

export class TaskCheck {
  readonly #queue: LocalQueue;

  constructor(queue: LocalQueue) {
    this.#queue = queue;
  }

  /** Sentences of what is wrong; none when all is well. */
  async wrong(taskId: string, { expected, kind }: SoakTask, { runs }: TaskStatus): Promise<string[]> {
    const last = runs.at(-1);
    const found = `${last?.state}/${last?.reasonResolved}`;
    const wanted = `${expected.state}/${expected.reason}`;
    // Its second run is its last, whoever was to blame for the first.
    if (kind === "asks for a retry" && last?.state === "exception" && lostReasons.includes(last.reasonResolved ?? ""))
      return [];
    if (found !== wanted) return [`${found} instead of ${wanted}`];
    const earlier = runs.slice(0, -1).map(({ reasonResolved = "" }) => reasonResolved);
    const foreign = earlier.filter((reason) => !lostReasons.includes(reason));
    if (foreign.length > 0) return [`earlier runs are ${foreign.join(", ")}`];
    // Nobody is owed the log of a run that was cancelled before it had begun.
    if (kind === "cancelled") return [];
    return [
      ...(await this.#wrongLog(taskId, expected.output)),
      ...(await this.#wrongArtifacts(taskId, expected.artifacts)),
    ];
  }

  async #content(taskId: string, name: string): Promise<Buffer | null> {
    const url = `${this.#queue.rootUrl}/api/queue/v1/task/${taskId}/artifacts/${name}`;
    const answer = await fetch(url, { headers: { "accept-encoding": "identity" } });
    if (!answer.ok) return null;
    const bytes = Buffer.from(await answer.arrayBuffer());
    // Storage answers with what was stored, whatever is asked for.
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  }

  async #wrongLog(taskId: string, output: Buffer | null): Promise<string[]> {
    const log = await this.#content(taskId, logName);
    if (!log) return ["there is no log"];
    return output === null ? [] : difference("the log", outputOf(log), output);
  }

  async #wrongArtifacts(taskId: string, wanted: ReadonlyMap<string, Buffer | null>): Promise<string[]> {
    const there = this.#queue.artifacts(taskId).filter(({ name }) => !name.startsWith("public/logs/"));
    const unasked = there.filter(({ name }) => !wanted.has(name)).map(({ name }) => `${name} was not asked for`);
    const wrong: string[] = [];
    for (const [name, content] of wanted) {
      const artifact = there.find((each) => each.name === name);
      if (!artifact) wrong.push(`${name} is not there`);
      else if (content === null) wrong.push(...(artifact.storageType === "error" ? [] : [`${name} is no error`]));
      else wrong.push(...difference(name, (await this.#content(taskId, name)) ?? Buffer.alloc(0), content));
    }
    return [...unasked, ...wrong];
  }
}
