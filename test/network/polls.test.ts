/** A worker that asks for tasks over a bad network. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfig } from "../../agent/config/load.ts";
import type { AgentConfig } from "../../agent/config.ts";
import { QueueClient } from "../../agent/queue/queue-client.ts";
import { Fixture } from "../worker/fixture.ts";
import { assertAllThere, busy, noJson, payload, portal, quick, quiet, said } from "./bad-network.ts";
import { behind } from "./behind.ts";
import type { Fault } from "./faulty-proxy.ts";

describe("a worker whose polls do not get through says so once, and goes on, with", { concurrency: 4 }, () => {
  const polls: Readonly<Record<string, readonly [fault: Fault, sentence: RegExp]>> = {
    "a service that is away": [busy(502), /^The queue gave no tasks: The service answered 502\.$/],
    "too many calls": [busy(429, { "retry-after": "1" }), /^The queue gave no tasks: The service answered 429\.$/],
    "a reset": [{ kind: "reset" }, /^The queue gave no tasks: The connection broke \(ECONNRESET: .*\)\.$/],
    "a black hole": [quiet, /^The queue gave no tasks: No answer came in time \(ECONNABORTED: .*\)\.$/],
    "an answer that takes too long": [
      { kind: "slow", ms: 3_000 },
      /^The queue gave no tasks: No answer came in time \(ECONNABORTED: .*\)\.$/,
    ],
    "a truncated answer": [
      { kind: "truncate" },
      /^The queue gave no tasks: The answer ended before it was complete\.$/,
    ],
    "a captive portal": [
      portal,
      /^The queue gave no tasks: The service's answer is not usable: claimWork is no object\.$/,
    ],
    "no JSON": [noJson, /^The queue gave no tasks: Something that is no service answered 200\.$/],
  };
  for (const [name, [fault, sentence]] of Object.entries(polls)) {
    it(name, async (t) => {
      const client = (config: AgentConfig) => new QueueClient(config, undefined, quick);
      const { fixture, proxy } = await behind(t, {}, { client });
      proxy.rules = [{ call: "claimWork", fault, times: 2 }];
      void fixture.run();
      await fixture.until("the faults to be over", () => (proxy.rules[0]?.times === 0 ? true : undefined));
      await fixture.until("an answer", () =>
        proxy.named("claimWork").some(({ answer }) => answer) ? true : undefined,
      );
      const taskId = await fixture.createTask(payload);
      await fixture.run();
      await assertAllThere(fixture, proxy, taskId);
      const lines = said(fixture).filter((line) => line.startsWith("The queue gave no tasks"));
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.match(lines[0] ?? "", sentence);
      assert.ok(said(fixture).includes("Tasks are claimed again."));
    });
  }

  it("a port that nobody listens on", async (t) => {
    const { fixture, proxy } = await behind(t);
    await proxy.refuse();
    void fixture.run();
    assert.match(await fixture.idle("queue"), /The service takes no connections \(ECONNREFUSED: .*\)\.$/);
    await proxy.listen();
    const taskId = await fixture.createTask(payload);
    await fixture.run();
    await assertAllThere(fixture, proxy, taskId);
  });

  for (const [name, rootURL, sentence] of [
    ["a name that cannot be resolved", `http://${"a".repeat(64)}.test`, /The name of the service cannot be resolved/],
    [
      "a service that speaks no TLS",
      "https",
      /No trusted connection could be made \(EPROTO: [^\n]*NODE_EXTRA_CA_CERTS/,
    ],
  ] as const) {
    it(name, async (t) => {
      const queue = await Fixture.start(t);
      const url = rootURL === "https" ? queue.queue.rootUrl.replace("http:", "https:") : rootURL;
      const fixture = await Fixture.start(t, { config: { rootURL: url } });
      void fixture.run();
      assert.match(await fixture.idle("queue"), sentence);
      fixture.worker.stopGracefully();
      assert.equal(await fixture.run(), "stopped");
    });
  }

  it("a signature that a wrong clock made worthless, and names the clock", async (t) => {
    const { fixture, proxy } = await behind(t);
    proxy.dateAheadMs = 20 * 60_000;
    const body = JSON.stringify({ code: "AuthenticationFailed", message: "Stale timestamp" });
    const fault: Fault = { kind: "answer", status: 401, headers: { "content-type": "application/json" }, body };
    proxy.rules = [{ call: "claimWork", fault, times: 1 }];
    void fixture.run();
    const told = await fixture.idle("queue");
    assert.match(told, /Stale timestamp\. The clock of this machine is (1199|120\d) s behind the queue's\.$/);
  });
});

describe("a rootURL", () => {
  for (const [rootURL, path] of [
    ["/", "/api/queue/v1/claim-work/test%2Fmac"],
    ["/tc", "/tc/api/queue/v1/claim-work/test%2Fmac"],
    ["/tc//", "/tc/api/queue/v1/claim-work/test%2Fmac"],
  ] as const) {
    it(`that ends with ${rootURL} is called where it says`, async (t) => {
      const { fixture, proxy } = await behind(t);
      const config = loadConfig({ env: { TASKCLUSTER_ROOT_URL: `${proxy.rootUrl}${rootURL}` } });
      const client = new QueueClient({ ...fixture.config, rootURL: config.rootURL });
      await client.claimWork(1, () => {}).catch(() => {});
      assert.deepEqual(
        proxy.exchanges.map((exchange) => exchange.path),
        [path],
      );
    });
  }
});
