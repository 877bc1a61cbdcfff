import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { rejectsWith } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { accountOf, toolOutput } from "./machine.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

suite("The audit log", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const file = (): string => `${fixture.helper.places.logs}/audit.log`;
  const lines = (): string[] => readFileSync(file(), "utf8").split("\n").filter(Boolean);

  test("is root's alone", () => {
    assert.deepEqual([statSync(file()).uid, statSync(file()).mode & 0o777], [0, 0o600]);
    assert.equal(statSync(fixture.helper.places.logs).mode & 0o022, 0);
  });

  test("has a line before and after each thing that root does for a task", async (t) => {
    const before = lines().length;
    const { client, user } = await fixture.clientWithUser(t);
    const { process } = await client.request("spawn", { user: user.user, argv: ["/bin/true"], env: {} });
    await client.exited(process);
    await client.request("killUser", { user: user.user });
    await client.request("deleteUser", { user: user.user });
    const actions = lines()
      .slice(before)
      .map((line): string => JSON.parse(line).action);
    const created = Array(12).fill(["dscl", "dscl-exit"]).flat();
    const killed = ["kill", "killed"];
    const removed = ["dscl", "dscl-exit", "dscl", "dscl-exit"];
    assert.deepEqual(actions, [
      ...["create", ...created, "directories", "spawn", "spawned", "exited", ...killed],
      ...[...killed, "sweep", "swept", ...killed, "remove", ...removed, "ended"],
    ]);
  });

  test("says which calls of dscl were made, and how they ended", async (t) => {
    const before = lines().length;
    const calls = fixture.helper.calls().length;
    await fixture.clientWithUser(t);
    const noted = lines()
      .slice(before)
      .map((line) => JSON.parse(line))
      .filter(({ action }) => action === "dscl-exit");
    const made = fixture.helper
      .calls()
      .slice(calls)
      .filter(([option]) => option !== "-plist");
    assert.deepEqual(
      noted.map(({ argv }) => argv),
      made,
    );
    assert.deepEqual(
      noted.map(({ exit }) => exit),
      made.map(() => 0),
    );
  });

  test("is a chain: each line holds the SHA-256 of the line before it, across restarts", async () => {
    const before = lines().length;
    await fixture.helper.kill();
    await fixture.helper.restart();
    const all = lines().slice(before - 20);
    assert.ok(all.length > 20 - 1);
    for (let at = 1; at < all.length; at += 1) {
      assert.equal(JSON.parse(all[at] ?? "").prev, sha256(all[at - 1] ?? ""), `line ${at}`);
    }
  });

  test("gives its newest hash with each end of a task user", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { auditHead } = await client.request("deleteUser", { user: user.user });
    const ended = lines().findLast((line) => line.includes('"action":"ended"') && line.includes(user.name));
    assert.equal(auditHead, sha256(ended ?? ""));
  });

  test("notes why a connection was ended, without what it sent", async (t) => {
    const client = await fixture.client(t);
    client.frame("\u001b[2J\u202eevil\nline", {});
    await client.ended;
    const last = lines().findLast((line) => line.includes("protocol-error")) ?? "";
    assert.match(last, /message-invalid/);
    assert.match(last, /^[\x20-\x7e]+$/);
    assert.ok(!last.includes("evil"));
  });

  /** A file system in memory lets be written to what is immutable and open: full-disk.test.ts plays this there. */
  function staysWritable(): boolean {
    const probe = `${file()}.probe`;
    const fd = openSync(probe, "a");
    toolOutput("/usr/bin/chattr", "+i", probe);
    try {
      return writeSync(fd, "x") === 1;
    } catch {
      return false;
    } finally {
      toolOutput("/usr/bin/chattr", "-i", probe);
      closeSync(fd);
      rmSync(probe);
    }
  }

  test("notes which requests were refused, and why", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await rejectsWith(
      client.request("spawn", { user: user.user, argv: ["true"], env: {}, graphical: true }),
      "not-allowed",
    );
    const last = fixture.helper.audit().at(-1);
    assert.deepEqual([last?.["action"], last?.["request"], last?.["code"]], ["refused", "spawn", "not-allowed"]);
  });

  test("that cannot be written makes createUser and spawn be refused, while killing and deleting go on, and the gap is counted", async (t) => {
    if (staysWritable()) return t.skip("this file system lets root write to an immutable file that is open");
    const { client, user } = await fixture.clientWithUser(t);
    toolOutput("/usr/bin/chattr", "+i", file());
    try {
      await rejectsWith(client.request("createUser", {}), "journal-unwritable");
      await rejectsWith(client.request("spawn", { user: user.user, argv: ["true"], env: {} }), "journal-unwritable");
      assert.deepEqual(await client.request("killUser", { user: user.user }), { killed: 0 });
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, gone.left.account], ["gone", false]);
    } finally {
      toolOutput("/usr/bin/chattr", "-i", file());
    }
    assert.equal(accountOf("passwd", user.uid), undefined);
    await client.request("createUser", {});
    const gap = lines()
      .map((line) => JSON.parse(line))
      .findLast(({ lost }) => lost !== undefined);
    assert.ok(gap.lost >= 6, `${gap.lost} lines lost`);
  });
});
