/** Creates tasks in the embedded queue, and waits for what becomes of them. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { nice } from "slugid";
import { TaskCreator } from "../../../agent/cli/task-creator.ts";
import type { LocalQueue } from "../../../agent/local/queue.ts";

const longestMs = 120_000;
const isOver = ({ state }: { readonly state: string }): boolean => /^(completed|failed|exception)$/.test(state);

interface Pool {
  readonly provisionerId: string;
  readonly workerType: string;
}

export class Submitter {
  readonly #queue: LocalQueue;
  readonly #pool: Pool;

  constructor(queue: LocalQueue, pool: Pool) {
    this.#queue = queue;
    this.#pool = pool;
  }

  /** Runs lines of bash as a task; its state and log when it is over. */
  async run(lines: string): Promise<{ state: string; log: string }> {
    const taskId = nice();
    const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
    const definition = {
      ...{ ...this.#pool, created: at(0), deadline: at(600), expires: at(1200) },
      payload: { command: [["/bin/bash", "-c", lines]], maxRunTime: 60 },
      metadata: { name: "n", description: "d", owner: "o@example.com", source: "https://example.com" },
    };
    await new TaskCreator(this.#queue.rootUrl, this.#queue.rootCredentials).create({
      n: 1,
      taskId,
      needs: [],
      definition,
    });
    const { state } = await this.#queue.waitFor(taskId, isOver, longestMs);
    const blob = this.#queue.artifacts(taskId).find(({ name }) => name === "public/logs/live_backing.log")?.blob;
    if (!blob) return { state, log: "there is no log" };
    const bytes = readFileSync(blob.path);
    return { state, log: (blob.contentEncoding === "gzip" ? gunzipSync(bytes) : bytes).toString() };
  }
}
