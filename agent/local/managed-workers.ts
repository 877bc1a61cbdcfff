/** The workers that the embedded worker-manager knows: those of static providers, made ahead. */
import { randomBytes } from "node:crypto";
import type { Worker } from "./types.ts";

export interface StaticWorker extends Worker {
  readonly workerPoolId: string;
  readonly providerId: string;
  /** What a registration is told of the worker pool's settings. */
  readonly workerConfig?: object;
}

export interface Termination {
  readonly reason: string;
  /** How many times the worker is told before that it is needed. */
  untold: number;
  told: boolean;
}

export interface Known extends StaticWorker {
  readonly staticSecret: string;
  /** Of the newest registration; null before the first. */
  secret: string | null;
  /** Null as long as it should not end. */
  termination: Termination | null;
}

/** 44 characters of [A-Za-z0-9_-]. */
export function newSecret(): string {
  return randomBytes(33).toString("base64url");
}

/** What credentials of a worker are good for. */
export function workerScopes({ workerPoolId, workerGroup, workerId }: Omit<StaticWorker, "providerId">): string[] {
  const worker = `${workerPoolId}/${workerGroup}/${workerId}`;
  return [
    `queue:claim-work:${workerPoolId}`,
    `queue:worker-id:${workerGroup}/${workerId}`,
    `queue:get-worker:${worker}`,
    `purge-cache:purge-requests::${workerPoolId}`,
    `worker-manager:reregister-worker:${worker}`,
    `worker-manager:should-worker-terminate:${worker}`,
  ];
}

export class ManagedWorkers {
  readonly #workers = new Map<string, Known>();

  /** Answers the worker's static secret. */
  add(worker: StaticWorker): string {
    const staticSecret = newSecret();
    this.#workers.set(keyOf(worker), { ...worker, staticSecret, secret: null, termination: null });
    return staticSecret;
  }

  /** Whether and why the worker should end, for the worker that asks. */
  answer({ termination }: Known): { terminate: boolean; reason: string } {
    if (!termination) return { terminate: false, reason: "needed" };
    if (termination.untold === 0) {
      termination.told = true;
      return { terminate: true, reason: termination.reason };
    }
    termination.untold -= 1;
    return { terminate: false, reason: "needed" };
  }

  find(worker: Omit<StaticWorker, "providerId">): Known | null {
    return this.#workers.get(keyOf(worker)) ?? null;
  }
}

function keyOf({ workerPoolId, workerGroup, workerId }: Omit<StaticWorker, "providerId">): string {
  return `${workerPoolId}/${workerGroup}/${workerId}`;
}
