/** Reading one secret of the deployment with the worker's own credentials. */
import taskcluster from "taskcluster-client";
import { checkSecret } from "./check.ts";
import { repeated } from "./repeated.ts";

const REQUEST_TIMEOUT_MS = 30_000;
const PATIENCE_MS = 120_000;

export interface SecretAccess {
  readonly rootUrl: string;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  readonly credentials: { readonly clientId: string; readonly accessToken: string; readonly certificate?: string };
}

/** The values of a secret, by key. Throws QueueError, and the signal's reason. */
export function readSecret(
  name: string,
  { rootUrl, credentials, signal }: SecretAccess,
): Promise<Record<string, unknown>> {
  const timeout = REQUEST_TIMEOUT_MS;
  const secrets = new taskcluster.Secrets({ rootUrl, credentials: { ...credentials }, retries: 0, timeout });
  return repeated(async () => checkSecret(await secrets.get(name)), { withinMs: PATIENCE_MS, signal });
}
