import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { suite, test } from "node:test";
import { limits } from "../../shared/protocol/limits.ts";
import { Client } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { eventually } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";

suite("To exhaust the helper, an agent", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const residentKiB = (): number => {
    const status = readFileSync(`/proc/${fixture.helper.process.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  };

  test("asks without end and never reads the answers: its connection ends, and the helper's memory has not grown", async (t) => {
    const client = await Client.hello(fixture.helper.socketPath);
    t.after(() => client.close());
    // Its answer comes before it is in the status, which tells the end of the connection below.
    await eventually(() => fixture.helper.status().agent, "the helper's status knows of the agent");
    const before = residentKiB();
    client.socket.pause();
    const question = `{"type":"signal","data":{"id":7,"process":"${"0".repeat(32)}","signal":"SIGCONT"}}\f`;
    const many = Buffer.from(question.repeat(1000));
    let over = false;
    client.socket.on("error", () => {
      over = true;
    });
    for (let sent = 0; sent < 200 && !over; sent += 1) {
      await Promise.race([
        new Promise((resolve) => client.socket.write(many, resolve)),
        eventually(() => over || !fixture.helper.status().agent, "the helper has ended the connection").catch(() => {}),
      ]);
      if (!fixture.helper.status().agent) over = true;
    }
    assert.ok(over, "the helper went on listening to an agent that does not read");
    assert.ok(residentKiB() - before < (32 * limits.frameBytes) / 1024, `${residentKiB() - before} KiB more`);
    await fixture.helper.idle();
    await fixture.client(t);
  });

  test("opens 2,000 connections: the one that it holds is still served", async (t) => {
    const client = await fixture.client(t);
    const sockets = Array.from({ length: 2000 }, () => connect(fixture.helper.socketPath).on("error", () => {}));
    t.after(() => sockets.map((socket) => socket.destroy()));
    await client.request("ticket", {});
    assert.equal((await client.request("createUser", {})).name.slice(0, 4), "tcw-");
    assert.equal(fixture.helper.process.exitCode, null);
  });
});

suite("To exhaust a helper that has room for three users, an agent", { skip: needsRoot }, () => {
  const fixture = useHelper({ maxUsers: 3 });

  test("asks for 200 users at once: programs of root's run for no more than there may be", async (t) => {
    const client = await fixture.client(t);
    const looks = (): number =>
      fixture.helper.calls().filter((argv) => argv.includes("/Groups") && argv.length > 4).length;
    const before = looks();
    for (let id = 1000; id < 1200; id += 1) client.frame("createUser", { id });
    await eventually(
      () => client.messages.filter(({ type }) => type === "refused").length >= 197,
      "the rest is refused",
    );
    await client.close();
    await fixture.helper.idle();
    assert.ok(looks() - before <= 3, `${looks() - before} times all groups were read`);
  });
});
