/** What the helper says, checked at run time: the agent believes no message that its schema refuses. */
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Answer, Fatal, HelperMessage, Refused } from "../../shared/protocol/helper-messages.ts";
import type { Answers, Exited, RequestName } from "../../shared/protocol/messages.ts";
import { helperSchemas } from "../../shared/protocol/schemas.ts";

const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true });
// A schema that is missing becomes `false`, which refuses everything.
const isAnswer = ajv.compile<Answer>(helperSchemas["answer"] ?? false);
const isRefused = ajv.compile<Refused>(helperSchemas["refused"] ?? false);
const isExited = ajv.compile<Exited>(helperSchemas["exited"] ?? false);
const isFatal = ajv.compile<Fatal>(helperSchemas["fatal"] ?? false);

/** The message, or null when its type is unknown or its schema refuses it. */
export function readHelperMessage(type: string, data: unknown): HelperMessage | null {
  if (type === "answer" && isAnswer(data)) return { type, data };
  if (type === "refused" && isRefused(data)) return { type, data };
  if (type === "exited" && isExited(data)) return { type, data };
  if (type === "fatal" && isFatal(data)) return { type, data };
  return null;
}

export function isAnswerTo<N extends RequestName>(
  answer: Answer,
  name: N,
): answer is Answer & { request: N; result: Answers[N] } {
  return answer.request === name;
}
