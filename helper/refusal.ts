/** What an honest agent can meet: the request is answered with `refused`, and the connection stays. */
import type { ErrorCode } from "../shared/protocol/errors.ts";

export class Refusal extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** An error as one printable line, for logs and answers. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : "unknown failure").slice(0, 500).replace(/[^\x20-\x7e]/g, "?");
}
