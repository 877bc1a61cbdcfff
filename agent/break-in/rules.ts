/** Which rule of the design stands behind a refusal, for whoever tries to break in. */
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ErrorCode } from "../../shared/protocol/errors.ts";
import { clientSchemas } from "../../shared/protocol/schemas.ts";

const surprise = "Anything unknown, malformed or not allowed now ends the connection and all that it made";
const opaque = "Nothing that comes over the wire decides what root touches: ids are opaque, and a session's own";

const rules: Record<ErrorCode, string> = {
  "frame-too-large": `${surprise}: a frame is bounded before it is buffered (shared/protocol/frames.ts).`,
  "frame-timeout": `${surprise}: a frame has a deadline (helper/listen.ts).`,
  "frame-malformed": `${surprise}: only strict JSON is read (shared/protocol/frames.ts).`,
  "message-invalid": `${surprise}: each message has one closed schema (shared/protocol/schemas.ts).`,
  "not-now": `${surprise}: request × state (helper/table.ts).`,
  "unknown-id": `${opaque} (helper/session.ts, helper/tickets.ts).`,
  busy: "One control connection: who comes second is refused (helper/listen.ts).",
  "protocol-version": "Both sides speak one version (helper/table.ts).",
  "not-allowed": "What widens root is off unless root's own helper.json switches it on (helper/config.ts).",
  "no-free-user": "Users are bounded: maxUsers and the range of uids (helper/session.ts, helper/accounts.ts).",
  "graphics-full": "The graphics session is for maxGraphical task users at once (helper/table.ts).",
  "ticket-limit": "Tickets and waiting connections are bounded (helper/tickets.ts).",
  "create-failed": "A user is given out only when its records are read back as they were made (helper/records.ts).",
  "ticket-expired": "A ticket is for one connection and one spawn, within its time (helper/tickets.ts).",
  "spawn-failed": "Processes of one connection are bounded, and so is the system (helper/table.ts).",
  "kill-failed": "The end of processes is looked at, not assumed (helper/reap.ts).",
  "journal-unwritable":
    "Nothing new begins that could not be journalled and audited (helper/journal.ts, helper/audit.ts).",
};

export function ruleBehind(code: ErrorCode): string {
  return rules[code];
}

const ajv = new Ajv2020({ strictTypes: false, allowUnionTypes: true });

/** What its schema has against a message; null when it would be accepted, as far as its form goes. */
export function formError(type: unknown, data: unknown): string | null {
  const schema = typeof type === "string" && Object.hasOwn(clientSchemas, type) ? clientSchemas[type] : undefined;
  if (!schema) return "there is no such request";
  const check = ajv.compile(schema);
  if (check(data)) return null;
  const [error] = check.errors ?? [];
  return `${error?.instancePath || "the whole"} ${error?.message ?? "is not valid"}`;
}
