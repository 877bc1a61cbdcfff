/** What a worker does now, said in its log once when it changes. */
import { type Activity, activityText, type IdleReason, isSameReason, isTrouble } from "./activity.ts";
import type { Logger } from "./logger.ts";

export class ActivityLog {
  readonly #logger: Logger;
  /** A worker that is to end has its reason already, and claims nothing again. */
  readonly #stopping: AbortSignal;
  #now: Activity = { state: "idle", reason: { kind: "starting" } };
  /** The newest reason that was logged; null while there is none. */
  #told: IdleReason | null = null;

  constructor(logger: Logger, stopping: AbortSignal) {
    this.#logger = logger;
    this.#stopping = stopping;
  }

  get now(): Activity {
    return this.#now;
  }

  /** A reason is logged when it begins, not as long as it lasts. */
  be(activity: Activity, fields: object = {}): void {
    this.#now = activity;
    // Whether the queue gives tasks again shows with its answer.
    if (activity.state === "claiming" && this.#told?.kind !== "queue") this.claimsAgain();
    if (activity.state !== "idle" || isSameReason(activity.reason, this.#told)) return;
    const idle = activity.reason.kind;
    this.#told = activity.reason;
    if (isTrouble(activity.reason)) this.#logger.warn({ idle, ...fields }, activityText(activity));
    else this.#logger.info({ idle, ...fields }, activityText(activity));
  }

  /** Whatever the reason was, it is over. */
  claimsAgain(): void {
    if (this.#stopping.aborted) return;
    if (this.#told) this.#logger.info("Tasks are claimed again.");
    this.#told = null;
  }
}
