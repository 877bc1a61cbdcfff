import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { suite, type TestContext, test } from "node:test";
import { needsRoot } from "../root.ts";
import { Client, rejectsWith } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { accountOf, toolOutput } from "./machine.ts";

const line = (more: object): string =>
  `${JSON.stringify({ id: "0".repeat(32), name: "tcw-aaaaaaaa", uid: 1, guid: "", groupGuid: "", state: "ready", ...more })}\n`;

suite("The journal", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const file = (): string => `${fixture.helper.places.private}/journal`;

  test("is root's alone", async (t) => {
    await fixture.clientWithUser(t);
    assert.deepEqual([statSync(file()).uid, statSync(file()).mode & 0o777], [0, 0o600]);
    assert.equal(statSync(fixture.helper.places.private).mode & 0o777, 0o700);
  });

  test("with a torn last line is accepted, and what it says is ended", async () => {
    const client = await Client.hello(fixture.helper.socketPath);
    const user = await client.request("createUser", {});
    await fixture.helper.kill();
    const size = statSync(file()).size;
    truncateSync(file(), size - 20);
    await fixture.helper.restart();
    assert.equal(accountOf("passwd", user.uid), undefined);
    assert.equal(existsSync(`/home/${user.name}`), false);
  });

  test("names a user before dscl does", async (t) => {
    const client = await fixture.client(t);
    fixture.helper.modes("slow=100\n");
    t.after(() => fixture.helper.modes(""));
    const before = readFileSync(file(), "utf8");
    const id = client.ask("createUser", {});
    const { name } = await client.reply("createUser", id);
    const steps = readFileSync(file(), "utf8").slice(before.length).split("\n");
    assert.ok(steps[0]?.includes(name) && steps[0].includes('"planned"'));
  });

  /** Accounts outside our ranges: tests beside this one make and delete task users. */
  function foreignAccounts(): string[] {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return lines.filter((each) => !/^[^:]*:[^:]*:(49|5[0-9])[0-9]{2}:/.test(each));
  }

  async function refusesToStart(t: TestContext, text: string): Promise<void> {
    const { helper } = fixture;
    const people = foreignAccounts();
    await helper.kill();
    const before = readFileSync(file(), "utf8");
    t.after(async () => {
      writeFileSync(file(), before);
      await helper.restart();
    });
    appendFileSync(file(), text);
    const logged = helper.log().length;
    await assert.rejects(helper.restart(), /ended with 78/);
    const said = helper
      .log()
      .slice(logged)
      .trim()
      .split("\n")
      .map((each) => JSON.parse(each));
    assert.deepEqual(
      said.map(({ level }) => level),
      [50],
      "one sentence",
    );
    assert.ok(!said[0].msg.includes("\n    at "), said[0].msg);
    assert.deepEqual(foreignAccounts(), people);
  }

  for (const [what, more] of [
    ["the name root", { name: "root", uid: 5999 }],
    ["uid 0", { uid: 0 }],
    ["a uid outside the range", { uid: 1000 }],
    ["a negative uid", { uid: -101 }],
    ["a uid of another instance", { uid: 5000 }],
    ["a uid in quotes", { uid: "5500" }],
    ["a path as name", { name: "tcw-aaaaaaaa/../x" }],
    ["an unknown state", { state: "root" }],
  ] satisfies [string, object][]) {
    test(`with a line that has ${what} keeps the helper from starting`, async (t) => {
      const uid = { uid: fixture.helper.slice.firstUid };
      await refusesToStart(t, line({ ...uid, ...more }));
    });
  }

  test("with a line that is no JSON keeps the helper from starting", (t) => refusesToStart(t, "root:x:0:0\n"));

  test("that cannot be written makes createUser be refused, while deleting goes on", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    toolOutput("/usr/bin/chattr", "+i", file());
    const writable = (): string => toolOutput("/usr/bin/chattr", "-i", file());
    try {
      await rejectsWith(client.request("createUser", {}), "journal-unwritable");
      const gone = await client.request("deleteUser", { user: user.user });
      assert.equal(gone.left.account, false);
    } finally {
      writable();
    }
    assert.equal(accountOf("passwd", user.uid), undefined);
    assert.match((await client.request("createUser", {})).name, /^tcw-/);
  });
});
