/** A peer that floods, reads nothing, or says its piece byte by byte; and a task user made over and over. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Journal } from "../../helper/journal.ts";
import { limits } from "../../shared/protocol/limits.ts";
import type { UserId } from "../../shared/protocol/messages.ts";
import type { TaskUser } from "../../shared/protocol/root-types.ts";
import { Client, rejectsWith } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { accountOf, accountsIn, processesOf } from "../helper/machine.ts";
import { eventually, within } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";

suite("An agent", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const residentKiB = (): number =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${fixture.helper.process.pid}/status`, "utf8"))?.[1]);

  test("that asks without end and reads no answer loses its connection and its users, and the helper keeps its size", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const before = residentKiB();
    client.socket.pause();
    const signal = JSON.stringify({ type: "signal", data: { id: 9, process: "0".repeat(32), signal: "SIGKILL" } });
    client.send(`${signal}\f`.repeat(60_000));
    await eventually(() => accountOf("passwd", user.uid) === undefined, "the user is gone");
    assert.ok(residentKiB() - before < 64 * 1024, `${residentKiB() - before} KiB more`);
    client.socket.resume();
    await within(client.ended, "the end");
    assert.ok((await fixture.client(t)).messages.length > 0, "the next agent is heard");
  });

  test("that starts more processes than it may is refused, and hears of the end of each once", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const command = { user: user.user, argv: ["/bin/sleep", "300"], env: {} };
    const ids = Array.from({ length: 256 }, () => client.ask("spawn", command));
    const started = await Promise.all(ids.map((id) => client.reply("spawn", id)));
    await rejectsWith(client.request("spawn", command), "spawn-failed");
    await client.request("deleteUser", { user: user.user });
    await Promise.all(started.map(({ process }) => client.exited(process)));
    await client.request("ticket", {});
    const ends = client.messages.flatMap((message) => (message.type === "exited" ? [message.data.process] : []));
    assert.deepEqual(ends.sort(), started.map(({ process }) => process).sort());
  });

  test("is not kept from its own by eight connections that show their tickets a byte at a time", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const begun = performance.now();
    const { ticket } = await client.request("ticket", {});
    const slow = await Promise.all(Array.from({ length: 8 }, () => Client.open(fixture.helper.socketPath)));
    const drips = slow.map(async (each) => {
      let over = false;
      void each.ended.then(() => {
        over = true;
      });
      for (const byte of JSON.stringify({ type: "attach", data: { ticket } })) {
        if (over) return;
        each.send(byte);
        await delay(200);
      }
    });
    const { process } = await client.request("spawn", { user: user.user, argv: ["/bin/true"], env: {} });
    assert.equal((await client.exited(process)).code, 0);
    await Promise.all(slow.map(({ ended }) => within(ended, "the end of a slow connection")));
    assert.ok(performance.now() - begun < limits.idleConnectionMs + 4000);
    await Promise.all(drips);
    assert.equal((await client.run(user.user, ["/bin/echo", "on"])).output, "on\n");
  });

  test("that makes and deletes users over and over leaves nothing of any, and never gets a uid twice in a row", async (t) => {
    const client = await fixture.client(t);
    const uids: number[] = [];
    for (let cycle = 0; cycle < Number(process.env["CYCLES"] ?? 8); cycle += 1) {
      const { user, uid } = await client.request("createUser", {});
      assert.equal((await client.request("deleteUser", { user })).state, "gone");
      assert.notEqual(uid, uids.at(-1));
      assert.deepEqual(processesOf(uid), []);
      uids.push(uid);
    }
    assert.deepEqual(accountsIn(fixture.helper.slice.firstUid, fixture.helper.slice.firstUid + 24), []);
  });
});

suite("A journal", () => {
  test("of ten thousand users that came and went is no larger than its bound, and knows none of them", (t) => {
    const folder = mkdtempSync(join("/dev/shm", "journal-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "journal");
    const journal = new Journal(file, [5500, 5524]);
    for (let count = 0; count < 10_000; count += 1) {
      const id = count.toString(16).padStart(32, "0") as UserId; // checked: 32 hexadecimal digits
      const user: TaskUser = {
        id,
        name: "tcw-aaaaaaaa",
        uid: 5500 + (count % 25),
        guid: "",
        groupGuid: "",
        state: "planned",
      };
      for (const state of ["planned", "creating", "ready", "deleting", "gone"] as const) journal.move(user, state);
    }
    assert.equal(journal.users.size, 0);
    assert.ok(statSync(file).size < 1.1 * 1024 * 1024, `${statSync(file).size}`);
    const again = new Journal(file, [5500, 5524]);
    assert.deepEqual([again.users.size, again.newest?.uid], [0, 5500 + (9999 % 25)]);
  });
});
