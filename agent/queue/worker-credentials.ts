/** The worker's own credentials, which may be replaced at any time. A task's are its claim's. */

import { parseJson, record } from "../config/kinds.ts";
import type { AgentConfig } from "../config.ts";
import type { Credentials } from "./types.ts";

export class WorkerCredentials {
  #newest: Credentials;

  constructor(first: Credentials) {
    this.#newest = first;
  }

  static configured({ clientId, accessToken, certificate }: AgentConfig): WorkerCredentials {
    return new WorkerCredentials({ clientId, accessToken, ...(certificate === "" ? {} : { certificate }) });
  }

  /** Another object after each replacement. Calls under way go on with those that they began with. */
  get newest(): Credentials {
    return this.#newest;
  }

  replace(credentials: Credentials): void {
    this.#newest = credentials;
  }

  /** When they end; null for permanent ones. */
  get expires(): Date | null {
    const certificate = parseJson(this.#newest.certificate ?? "");
    const expiry = record.is(certificate) ? certificate["expiry"] : undefined;
    return typeof expiry === "number" ? new Date(expiry) : null;
  }
}
