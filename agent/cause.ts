/** From whatever was thrown to a cause that a task's author can read. */
import { randomUUID } from "node:crypto";
import { EngineError, ResourceError } from "./engine/engine.ts";
import type { Logger } from "./logger.ts";
import { type Cause, type CauseKind, TaskError } from "./outcome.ts";
import { isDiskFull } from "./thrown.ts";

const engineCauses: Record<EngineError["code"], CauseKind> = {
  "invalid-env-name": "malformed-payload",
  "naming-conflict": "malformed-payload",
  "argv-too-long": "malformed-payload",
  "name-taken": "malformed-payload",
  "archive-refused": "malformed-payload",
  // Another worker, or this one later, can run the task: the queue tries again.
  "no-free-user": "worker-shutdown",
  "helper-lost": "worker-shutdown",
  "isolation-broken": "worker-shutdown",
  "no-screen": "worker-shutdown",
  "homes-full": "resource-unavailable",
  "helper-refused": "internal-error",
  "place-failed": "internal-error",
  "shell-failed": "internal-error",
};

/** The details of a defect go to the worker's log alone, under a number that the task log quotes. */
export function causeOf(error: unknown, where: string, logger: Logger): Cause {
  if (error instanceof TaskError) return { kind: error.kind, message: error.message };
  if (error instanceof EngineError) {
    logger.warn({ where, code: error.code }, error.message);
    return { kind: engineCauses[error.code], message: error.message };
  }
  if (error instanceof ResourceError) {
    return { kind: "plugin-failed", message: `The ${where} of the task failed: ${error.reason}: ${error.message}.` };
  }
  if (isDiskFull(error)) {
    logger.error({ where, err: error }, "The disk is full.");
    return { kind: "resource-unavailable", message: "The disk of the worker is full." };
  }
  const incident = randomUUID();
  logger.error({ where, incident, err: error }, "A part of the worker failed.");
  return {
    kind: "internal-error",
    message: `The worker itself failed (${where}); its log has the details under incident ${incident}.`,
  };
}
