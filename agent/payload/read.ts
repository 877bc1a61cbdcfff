/** The payload of a claimed task, and in its log what there is to say about it. */
import type { AgentConfig } from "../config.ts";
import type { TaskDefinition } from "../queue/types.ts";
import type { TaskLog } from "../task-log.ts";
import { dialectOf, PayloadError, parsePayload } from "./parse.ts";
import { type Dialect, emptyPayload, type TaskPayload } from "./payload.ts";

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
    const dialect = dialectOf(task.payload, config.dialect);
    if (error instanceof PayloadError) say(error, dialect, log);
    return emptyPayload(dialect);
  }
}

/** generic-worker shows the schema, too; it is no error, so that whoever collects the errors of a log gets errors. */
function say({ errors, schema }: PayloadError, dialect: Dialect, log: TaskLog): void {
  if (schema && dialect === "generic-worker") {
    const text = JSON.stringify(schema, null, 2);
    log.info(`Task payload for this worker type must conform to the following jsonschema:\n${text}`);
    log.error("TASK FAIL since the task payload is invalid. See errors:");
    for (const each of errors) log.error(`- ${each}`);
    return;
  }
  // The last line of the log says the first of them; one alone is not said twice.
  if (errors.length > 1) for (const each of errors) log.error(each);
}
