/** What `check-service` prints: how the services of the worker's configuration answer it. doctor reads it. */
import { fieldsOf, fieldsOfJson } from "./json-fields.ts";

/** `failed`: `code` is that of the service or of the system, like InsufficientScopes or EHOSTUNREACH. */
export type ServiceAnswer =
  | { readonly state: "fine"; readonly what: string }
  | { readonly state: "failed"; readonly code: string; readonly what: string }
  | { readonly state: "not-asked"; readonly what: string };

export interface ServiceReport {
  readonly rootURL: string;
  /** The worker's name, as pool/group/id. */
  readonly worker: string;
  /** Whether an address of the service's host is one of a local network. */
  readonly isLocal: boolean;
  /** By how much this machine's clock is ahead of the service's; null when no answer said. */
  readonly clockAheadMs: number | null;
  readonly queue: ServiceAnswer;
  readonly scopes: ServiceAnswer;
  readonly workerManager: ServiceAnswer;
}

function parseAnswer(value: unknown): ServiceAnswer | null {
  const fields = fieldsOf(value);
  const [state, what, code] = [fields.get("state"), fields.get("what"), fields.get("code")];
  if (typeof what !== "string") return null;
  if (state === "fine" || state === "not-asked") return { state, what };
  return state === "failed" && typeof code === "string" ? { state, what, code } : null;
}

/** Null for anything else than a report. */
export function parseServiceReport(text: string): ServiceReport | null {
  const fields = fieldsOfJson(text);
  if (!fields) return null;
  const [rootURL, worker, isLocal] = [fields.get("rootURL"), fields.get("worker"), fields.get("isLocal")];
  const clockAheadMs = fields.get("clockAheadMs");
  const queue = parseAnswer(fields.get("queue"));
  const scopes = parseAnswer(fields.get("scopes"));
  const workerManager = parseAnswer(fields.get("workerManager"));
  if (typeof rootURL !== "string" || typeof worker !== "string" || typeof isLocal !== "boolean") return null;
  if (clockAheadMs !== null && typeof clockAheadMs !== "number") return null;
  if (!queue || !scopes || !workerManager) return null;
  return { rootURL, worker, isLocal, clockAheadMs, queue, scopes, workerManager };
}
