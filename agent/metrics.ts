/** `WORKER_METRICS` lines: what generic-worker tells the collectors of a pool's logs, in its form. */
import { uptime } from "node:os";
import type { AgentConfig } from "./config.ts";
import type { TaskEvent } from "./task-events.ts";

type EventType = "instanceBoot" | "workerReady" | "taskQueued" | "taskStart" | "taskFinish" | "instanceShutdown";

type Run = Pick<TaskEvent, "taskId" | "runId">;

export class Metrics {
  readonly #config: AgentConfig;
  readonly #write: (line: string) => void;

  /** `write` gets whole lines without their ends. */
  constructor(config: AgentConfig, write: (line: string) => void) {
    this.#config = config;
    this.#write = write;
  }

  /** The worker can claim. To be called once. */
  ready(): void {
    this.#tell("instanceBoot", Date.now() - uptime() * 1000);
    this.#tell("workerReady", Date.now());
  }

  take(event: TaskEvent): void {
    if (event.event === "claimed") {
      this.#tell("taskQueued", Date.parse(event.created), event);
      this.#tell("taskStart", Date.now(), event);
    }
    if (event.event === "resolved") this.#tell("taskFinish", Date.now(), event);
  }

  /** The machine is asked to shut down. */
  shutdown(): void {
    this.#tell("instanceShutdown", Date.now());
  }

  #tell(eventType: EventType, at: number, run?: Run): void {
    const { provisionerId, workerType, workerId, region, instanceType } = this.#config;
    const fields = {
      eventType,
      instanceType,
      region,
      ...(run ? { runId: run.runId, taskId: run.taskId } : {}),
      timestamp: Math.floor(at / 1000),
      worker: "taskcluster-worker",
      workerId,
      workerPoolId: `${provisionerId}/${workerType}`,
    };
    this.#write(`WORKER_METRICS ${JSON.stringify(fields)}`);
  }
}
