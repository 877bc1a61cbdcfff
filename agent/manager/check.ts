/** Answers of worker-manager, checked by hand. */
import { checkCredentials } from "../queue/check.ts";
import { AnswerError, date, object, text } from "../queue/fields.ts";
import type { Credentials } from "../queue/types.ts";

export interface Registration {
  readonly expires: Date;
  readonly credentials: Credentials;
  /** Good for one reregistration, which brings the next. */
  readonly secret: string;
  /** The worker pool's, by worker implementation; empty from a reregistration. */
  readonly workerConfig: Readonly<Record<string, unknown>>;
}

export interface Termination {
  readonly terminate: boolean;
  readonly reason: string;
}

/** Throws AnswerError. */
export function checkRegistration(answer: unknown): Registration {
  const fields = object(answer, "the registration");
  return {
    expires: date(fields, "expires"),
    credentials: checkCredentials(fields["credentials"]),
    secret: text(fields, "secret"),
    workerConfig: object(fields["workerConfig"] ?? {}, "workerConfig"),
  };
}

/** Throws AnswerError. */
export function checkTermination(answer: unknown): Termination {
  const fields = object(answer, "the answer");
  const terminate = fields["terminate"];
  if (typeof terminate !== "boolean") throw new AnswerError("terminate is neither true nor false");
  return { terminate, reason: text(fields, "reason") };
}
