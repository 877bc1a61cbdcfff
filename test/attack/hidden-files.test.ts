import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { suite, test } from "node:test";
import { useHelper } from "../helper/fixture.ts";
import { toolOutput } from "../helper/machine.ts";
import { needsRoot } from "../root.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("Two tasks together", { skip: needsRoot }, () => {
  const fixture = useHelper();

  /** A task leaves a set-uid program in a directory of its accomplice, which then closes it: its own sweep cannot look there. */
  const hide = "mkdir /tmp/x$1/own; cp /usr/bin/id /tmp/x$1/own/id; chmod 4755 /tmp/x$1/own/id; chmod 755 /tmp/x$1/own";

  for (const [what, modes] of [
    ["deleted", ""],
    ["kept by macOS", "tcc=denied\n"],
  ] satisfies [string, string][]) {
    test(`hide a set-uid program of the one, whose account is ${what}, at the other's: while that one lives, nobody gets the uid`, async (t) => {
      const { client, user: accomplice } = await fixture.clientWithUser(t);
      t.after(() => rmSync(`/tmp/x${accomplice.uid}`, { recursive: true, force: true }));
      await client.run(accomplice.user, bash("mkdir -m 777 /tmp/x$UID"));
      const user = await client.request("createUser", {});
      await client.run(user.user, [...bash(hide), "bash", `${accomplice.uid}`]);
      await client.run(accomplice.user, bash("chmod 700 /tmp/x$UID"));
      fixture.helper.modes(modes);
      await client.request("deleteUser", { user: user.user });
      fixture.helper.modes("");
      const victims = Array.from({ length: 22 }, () => client.ask("createUser", {}));
      const made = await Promise.all(victims.map((id) => client.reply("createUser", id)));
      assert.ok(!made.some(({ uid }) => uid === user.uid), "the uid has gone to another task");
      assert.equal((await client.request("deleteUser", { user: accomplice.user })).state, "quarantined");
      // What is left of it can be entered by nobody but root: its uid is not used again.
      assert.equal(toolOutput("/usr/bin/stat", "-c", "%a", `/tmp/x${accomplice.uid}`), "700\n");
    });
  }

  test("hide it where the other opens the door again before its end: the other's end closes it for good", async (t) => {
    const { client, user: accomplice } = await fixture.clientWithUser(t);
    t.after(() => rmSync(`/tmp/x${accomplice.uid}`, { recursive: true, force: true }));
    await client.run(accomplice.user, bash("mkdir -m 777 /tmp/x$UID"));
    const user = await client.request("createUser", {});
    await client.run(user.user, [...bash(hide), "bash", `${accomplice.uid}`]);
    await client.run(accomplice.user, bash("chmod 700 /tmp/x$UID"));
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    await client.run(accomplice.user, bash("chmod 755 /tmp/x$UID"));
    assert.equal((await client.request("deleteUser", { user: accomplice.user })).state, "quarantined");
    const third = await client.request("createUser", {});
    const { output } = await client.run(third.user, [`/tmp/x${accomplice.uid}/own/id`, "-u"]);
    assert.equal(output, "");
  });
});
