/** The purge-cache service: who wants which caches of a worker pool to be forgotten. */
import type { Answer, ApiMethod, Call } from "./api.ts";
import { validatePurgeCache } from "./schemas.ts";

const keptMs = 24 * 3_600_000;

interface PurgeRequest {
  readonly provisionerId: string;
  readonly workerType: string;
  readonly cacheName: string;
  readonly before: string;
}

export function purgeMethods(now: () => number): ApiMethod[] {
  /** By worker pool and cache name: a later request replaces an earlier one. */
  const requests = new Map<string, PurgeRequest>();
  const route = "/purge-cache/<workerPoolId>";

  async function purgeCache(call: Call): Promise<Answer> {
    const { cacheName } = call.input(validatePurgeCache);
    const workerPoolId = call.param("workerPoolId");
    await call.authorize(`purge-cache:${workerPoolId}:${cacheName}`);
    const [provisionerId = "", workerType = ""] = workerPoolId.split("/");
    const before = new Date(now()).toISOString();
    requests.set(`${workerPoolId} ${cacheName}`, { provisionerId, workerType, cacheName, before });
    return { status: 204 };
  }

  function purgeRequests(call: Call): Answer {
    const since = Date.parse(call.query("since") ?? "1970-01-01");
    for (const [key, { before }] of requests) {
      if (Date.parse(before) + keptMs < now()) requests.delete(key);
    }
    const wanted = [...requests.values()].filter(
      ({ provisionerId, workerType, before }) =>
        `${provisionerId}/${workerType}` === call.param("workerPoolId") && Date.parse(before) >= since,
    );
    return { body: { requests: wanted } };
  }

  return [
    { name: "purgeCache", http: "POST", route, handle: purgeCache },
    {
      name: "purgeRequests",
      http: "GET",
      route,
      query: ["since"],
      scopes: (param) => `purge-cache:purge-requests::${param("workerPoolId")}`,
      handle: purgeRequests,
    },
  ];
}
