/**
 * What the helper may send, as the agent reads it: one `answer` or one `refused` for each request, `exited` unasked. A
 * `fatal` is the last message on a connection: the peer broke the protocol. Root needs no more of it than the four names.
 */
import type { ErrorCode } from "./errors.ts";
import type { Answers, Exited, RequestName } from "./messages.ts";

export type Answer = { [N in RequestName]: { id: number; request: N; result: Answers[N] } }[RequestName];
export interface Refused {
  id: number;
  request: RequestName;
  code: ErrorCode;
  message: string;
}
export type Fatal = Pick<Refused, "code" | "message">;

export type HelperMessage =
  | { type: "answer"; data: Answer }
  | { type: "refused"; data: Refused }
  | { type: "exited"; data: Exited }
  | { type: "fatal"; data: Fatal };
