/** The payload of a claimed task, and in its log what there is to say about it. */
import type { AgentConfig } from "../config.ts";
import type { TaskDefinition } from "../queue/types.ts";
import type { TaskLog } from "../task-log.ts";
import { dialectOf, PayloadError, parsePayload } from "./parse.ts";
import { emptyPayload, type TaskPayload } from "./payload.ts";

/** A payload that is refused is an empty one, so that there is a log to say why; `failed` gets the PayloadError. */
export function readPayload(
  task: TaskDefinition,
  config: AgentConfig,
  log: TaskLog,
  failed: (error: unknown) => void,
): TaskPayload {
  try {
    const payload = parsePayload(task, config);
    for (const notice of payload.notices) log.warn(notice);
    return payload;
  } catch (error) {
    failed(error);
    // The last line of the log says the first of them; one alone is not said twice.
    if (error instanceof PayloadError && error.errors.length > 1) for (const each of error.errors) log.error(each);
    return emptyPayload(dialectOf(task.payload, config.dialect));
  }
}
