/**
 * The agent's process of the bench: the real worker, which tells on stdout when things happened. Settings come as one
 * JSON line on stdin, and the end of stdin ends the worker.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { startWorker } from "../../agent/cli/start-worker.ts";
import type { AgentConfig } from "../../agent/config.ts";
import { createLogger } from "../../agent/logger.ts";
import { TaskCount } from "../../agent/task-count.ts";
import type { TaskLog } from "../../agent/task-log.ts";

export interface AgentSettings {
  readonly config: AgentConfig;
  readonly socket: string;
  readonly state: string;
}

interface Moment {
  /** Milliseconds of this process's clock. */
  readonly at: number;
  readonly taskId: string;
}
type Step = "claim" | "user" | "started" | "resolved" | "gone";
/** When the first and the last bytes of the task's own had reached the backing log. */
interface Output extends Moment {
  readonly kind: "output";
  readonly firstAt: number;
  readonly lastAt: number;
  /** What the times are counted from, in milliseconds since 1970. */
  readonly origin: number;
  readonly bytes: number;
}
export type AgentEvent = { [K in Step]: Moment & { readonly kind: K } }[Step] | Output;

const lines = createInterface({ input: process.stdin });
const [line] = await once(lines, "line");
const { config, socket, state }: AgentSettings = JSON.parse(String(line));

const tell = (event: AgentEvent): boolean => process.stdout.write(`${JSON.stringify(event)}\n`);

/** Notes when the bytes that the commands write have reached the file; the worker's own lines begin with `[`. */
function watchOutput(taskId: string, log: TaskLog): () => void {
  const seen = { firstAt: Number.NaN, lastAt: Number.NaN, bytes: 0 };
  const write = log.output.write.bind(log.output);
  Object.assign(log.output, {
    write(chunk: Buffer, written?: (error?: Error | null) => void): boolean {
      if (chunk[0] === "[".charCodeAt(0)) return write(chunk, written);
      seen.bytes += chunk.length;
      return write(chunk, (error) => {
        written?.(error);
        seen.lastAt = performance.now();
        if (Number.isNaN(seen.firstAt)) seen.firstAt = seen.lastAt;
      });
    },
  });
  return () => void tell({ at: performance.now(), taskId, kind: "output", origin: performance.timeOrigin, ...seen });
}

const told = new Set<string>();
const outputs = new Map<string, () => void>();
const logger = createLogger({ level: "error" });
const { worker, finish } = await startWorker({
  ...{ config, socket, state, helperMs: 30_000 },
  ...{ logger, count: new TaskCount(null, logger) },
  changed({ running }) {
    for (const { taskId } of running) {
      if (!told.has(taskId)) tell({ at: performance.now(), taskId, kind: "claim" });
      told.add(taskId);
    }
  },
  events(event) {
    const { taskId } = event;
    if (event.event === "claimed") outputs.set(taskId, watchOutput(taskId, event.log));
    else if (event.event !== "artifact") tell({ at: performance.now(), taskId, kind: event.event });
    if (event.event === "resolved") {
      if (event.state !== "completed") process.stderr.write(`${taskId}: ${event.state}: ${event.message}\n`);
      outputs.get(taskId)?.();
      outputs.delete(taskId);
      told.delete(taskId);
    }
  },
});
lines.once("close", () => worker.stopGracefully());
await finish();
