/** Keeps `status.json` up to date. Best effort: a disk that is full ends no worker. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Activity, activityText, type IdleReason } from "../activity.ts";
import type { AgentConfig } from "../config.ts";
import { workerVersion } from "../host.ts";
import type { Logger } from "../logger.ts";
import type { TaskCount } from "../task-count.ts";
import type { TaskEvent } from "../task-events.ts";
import { messageOf } from "../thrown.ts";
import type { WorkerStatus } from "../worker.ts";
import { heartbeatMs, type Report, type RunningTask, reportFile } from "./report.ts";

export interface StatusFileOptions {
  /** The agent's own directory, which exists. */
  readonly directory: string;
  readonly config: AgentConfig;
  readonly instance: string;
  readonly count: TaskCount;
  readonly drainSignal: Report["drainSignal"];
  readonly logger: Logger;
}

export class StatusFile {
  readonly #options: StatusFileOptions;
  readonly #started = new Date().toISOString();
  readonly #version = workerVersion();
  readonly #users = new Map<string, string>();
  readonly #resolved = { completed: 0, failed: 0, exception: 0 };
  readonly #heartbeat: NodeJS.Timeout;
  #activity: Activity = { state: "idle", reason: { kind: "starting" } };
  #running: readonly Omit<RunningTask, "user">[] = [];
  #capacity: number;
  #lastClaim: string | null = null;
  #failed = false;

  /** Written from here on until `end`. */
  constructor(options: StatusFileOptions) {
    this.#options = options;
    this.#capacity = options.config.capacity;
    this.#heartbeat = setInterval(() => this.#write(null), heartbeatMs).unref();
    this.#write(null);
  }

  changed({ activity, running, capacity, lastClaim }: WorkerStatus): void {
    this.#activity = activity;
    this.#running = running;
    this.#capacity = capacity;
    this.#lastClaim = lastClaim ?? this.#lastClaim;
    this.#write(null);
  }

  take(event: TaskEvent): void {
    const run = `${event.taskId} ${event.runId}`;
    if (event.event === "user") this.#users.set(run, event.name);
    if (event.event === "gone") this.#users.delete(run);
    if (event.event === "resolved") this.#resolved[event.state] += 1;
    if (event.event === "user") this.#write(null);
  }

  /** Between two workers of this process. */
  idle(reason: IdleReason): void {
    this.#activity = { state: "idle", reason };
    this.#write(null);
  }

  /** The last that is written. */
  end(end: NonNullable<Report["end"]>): void {
    clearInterval(this.#heartbeat);
    this.#activity = { state: "idle", reason: { kind: "ended" } };
    this.#running = [];
    this.#write(end);
  }

  #report(end: Report["end"]): Report {
    const { config, instance, count, drainSignal } = this.#options;
    const { provisionerId, workerType, workerGroup, workerId } = config;
    const { instanceId, instanceType, region, availabilityZone, privateIP, publicIP } = config;
    return {
      ...{ version: this.#version, pid: process.pid, workerPoolId: `${provisionerId}/${workerType}` },
      ...{ workerGroup, workerId, instance },
      machine: { instanceId, instanceType, region, availabilityZone, privateIP, publicIP },
      ...{ started: this.#started, updated: new Date().toISOString() },
      state: this.#activity.state,
      idle: this.#activity.state === "idle" ? this.#activity.reason.kind : null,
      doing: activityText(this.#activity),
      capacity: this.#capacity,
      currentTaskIds: this.#running.map(({ taskId }) => taskId),
      running: this.#running.map((run) => ({ ...run, user: this.#users.get(`${run.taskId} ${run.runId}`) ?? null })),
      resolved: { ...this.#resolved },
      ...{ tasksResolved: count.resolved, lastClaim: this.#lastClaim, drainSignal, end },
    };
  }

  #write(end: Report["end"]): void {
    const path = join(this.#options.directory, reportFile);
    try {
      writeFileSync(`${path}.new`, `${JSON.stringify(this.#report(end))}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#options.logger.warn(`${path} cannot be written: ${messageOf(error)}`);
      this.#failed = true;
    }
  }
}
