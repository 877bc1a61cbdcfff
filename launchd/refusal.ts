/** The end of a command of launchd/ that is no success. */
import type { exitStatus } from "../shared/exit-status.ts";

export type Status = (typeof exitStatus)[keyof typeof exitStatus];

/** `message` is one sentence for a person. */
export class Refusal extends Error {
  readonly status: Status;
  constructor(status: Status, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}
