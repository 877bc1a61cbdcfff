/** Proxies of the environment. Alone in its file: what it sets counts for the whole process. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { ProxyError, useProxies } from "../../agent/queue/connections.ts";
import { Fixture } from "../worker/fixture.ts";

const script = "#!/bin/sh\necho downloaded\n";

/** A forward proxy that knows one host, at `port` of this machine, and has one file for all others. */
async function forwardProxy(t: TestContext, host: string, port: () => number) {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method, url = "", headers } = incoming;
    const target = new URL(url);
    asked.push(`${method} ${target.host}`);
    if (target.host !== host) return outgoing.end(script);
    const path = `${target.pathname}${target.search}`;
    const forwarded = request({ host: "127.0.0.1", port: port(), method, path, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => incoming.socket.destroy());
    return incoming.pipe(forwarded);
  });
  server.on("connect", ({ url }, socket) => {
    asked.push(`CONNECT ${url}`);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  return { asked, url: `http://somebody:secret-word@127.0.0.1:${address.port}` };
}

describe("proxies of the environment", () => {
  it("carry calls and downloads, but not what goes to this machine", async (t) => {
    let port = 0;
    const proxy = await forwardProxy(t, "tc.test", () => port);
    t.after(useProxies({ HTTP_PROXY: proxy.url }));
    const fixture = await Fixture.start(t, {
      config: { numberOfTasksToRun: 1 },
      through: async ({ rootUrl }) => {
        port = Number(new URL(rootUrl).port);
        return "http://tc.test";
      },
    });
    const taskId = await fixture.createTask({ link: "http://files.test/run.sh", maxRunTime: 60 });
    await fixture.run();
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert.match(await fixture.log(taskId), /\ndownloaded\n/);
    // Whether the queue is asked for the task's state as well depends on how long the task takes.
    const asked = new Set(proxy.asked.filter((request) => request !== "GET tc.test"));
    assert.deepEqual([...asked].sort(), ["GET files.test", "POST tc.test"]);
    assert.ok(!fixture.logLines.join("").includes("secret-word"));
  });

  it("that give no way to the service are named, without their password", async (t) => {
    const proxy = await forwardProxy(t, "tc.test", () => 0);
    t.after(useProxies({ https_proxy: proxy.url }));
    const fixture = await Fixture.start(t, { config: { rootURL: "https://tc.test" } });
    void fixture.run();
    assert.match(await fixture.idle("queue"), /The proxy gives no way to the service \(ERR_PROXY_TUNNEL: /);
    assert.deepEqual([...new Set(proxy.asked)], ["CONNECT tc.test:443"]);
    assert.ok(!fixture.logLines.join("").includes("secret-word"));
  });

  it("are not used for the hosts of no_proxy", async (t) => {
    const proxy = await forwardProxy(t, "tc.test", () => 0);
    t.after(useProxies({ HTTP_PROXY: proxy.url, NO_PROXY: "*.test" }));
    const fixture = await Fixture.start(t, { config: { rootURL: `http://${"a".repeat(64)}.test` } });
    void fixture.run();
    assert.match(await fixture.idle("queue"), /cannot be resolved/);
    assert.deepEqual(proxy.asked, []);
  });

  it("that are no addresses are refused in a sentence that does not quote them", () => {
    for (const value of ["proxy:secret-word", "socks5://proxy:1080", "127.0.0.1:3128"]) {
      assert.throws(
        () => useProxies({ https_proxy: value }),
        (error) => error instanceof ProxyError && !error.message.includes(value) && /https_proxy/.test(error.message),
      );
    }
  });
});
