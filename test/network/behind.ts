/** A worker whose every call goes through a proxy that can fail. */
import type { TestContext } from "node:test";
import type { AgentConfig } from "../../agent/config.ts";
import { Fixture, type FixtureOptions } from "../worker/fixture.ts";
import { FaultyProxy } from "./faulty-proxy.ts";

/** A worker behind a proxy, for one task. */
export async function behind(t: TestContext, options: Partial<AgentConfig> = {}, more: FixtureOptions = {}) {
  const started = Promise.withResolvers<FaultyProxy>();
  const fixture = await Fixture.start(t, {
    ...more,
    // However long a claim lasts, so long is a report tried.
    queue: { claimTimeoutMs: 20_000, ...more.queue },
    config: { numberOfTasksToRun: 1, cancelCheckSecs: 1, ...options },
    through: async ({ rootUrl }) => {
      const proxy = await FaultyProxy.start(rootUrl);
      started.resolve(proxy);
      return proxy.rootUrl;
    },
  });
  const proxy = await started.promise;
  t.after(() => proxy.refuse());
  return { fixture, proxy };
}
