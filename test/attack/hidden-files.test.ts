import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { createAccount } from "../../helper/accounts.ts";
import { readConfig } from "../../helper/config.ts";
import { makeHelper } from "../../helper/helper.ts";
import type { Answers } from "../../shared/protocol/messages.ts";
import type { TaskUser } from "../../shared/protocol/root-types.ts";
import type { Client } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { needsRoot } from "../root.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
/** A set-uid program in the accomplice's directory, where its owner's own sweep cannot look once the door is closed. */
const hide = "mkdir /tmp/x$1/own; cp /usr/bin/id /tmp/x$1/own/id; chmod 4755 /tmp/x$1/own/id; chmod 755 /tmp/x$1/own";

suite("Two tasks together", { skip: needsRoot }, () => {
  const fixture = useHelper();

  async function hidden(
    t: TestContext,
  ): Promise<{ client: Client; owner: Answers["createUser"]; accomplice: Answers["createUser"] }> {
    const { client, user: accomplice } = await fixture.clientWithUser(t);
    t.after(() => rmSync(`/tmp/x${accomplice.uid}`, { recursive: true, force: true }));
    const owner = await client.request("createUser", {});
    await client.run(accomplice.user, bash("mkdir -m 777 /tmp/x$UID"));
    await client.run(owner.user, [...bash(hide), "bash", `${accomplice.uid}`]);
    await client.run(accomplice.user, bash("chmod 700 /tmp/x$UID"));
    return { client, owner, accomplice };
  }

  test("hide a set-uid program of the one at the other's: while that one lives, nobody gets its uid", async (t) => {
    const { client, owner, accomplice } = await hidden(t);
    fixture.helper.modes("tcc=denied\n"); // A resting account would be the next task's at once.
    const { state } = await client.request("deleteUser", { user: owner.user });
    fixture.helper.modes("");
    assert.equal(state, "resting");
    assert.notEqual((await client.request("createUser", {})).uid, owner.uid);
    await client.request("deleteUser", { user: accomplice.user });
    assert.equal((await client.request("createUser", {})).uid, owner.uid, "then it is free again");
  });

  test("hide it, and open the door again before the other's end: that end closes it for good", async (t) => {
    const { client, owner, accomplice } = await hidden(t);
    assert.equal((await client.request("deleteUser", { user: owner.user })).state, "gone");
    await client.run(accomplice.user, bash("chmod 755 /tmp/x$UID"));
    assert.equal((await client.request("deleteUser", { user: accomplice.user })).state, "quarantined");
    const third = await client.request("createUser", {});
    const { output } = await client.run(third.user, [`/tmp/x${accomplice.uid}/own/id`, "-u"]);
    assert.equal(output, "");
  });

  test("keep the uid of a deleted one from being found free until the other has ended, too", async (t) => {
    const { dsclDir, places, slice } = fixture.helper;
    const uidRange: [number, number] = [slice.firstUid + 23, slice.firstUid + 24];
    const own = { ...places, private: dsclDir, logs: dsclDir };
    const helper = makeHelper(`${slice.name}-two`, own, { ...readConfig(join(dsclDir, "helper.json")), uidRange });
    t.after(() => helper.directories.close());
    const { journal } = helper;
    const user = (uid: number): TaskUser => ({
      ...{ id: `${uid}`.padStart(32, "0") as TaskUser["id"], name: "tcw-aaaaaaaa", uid, guid: "", groupGuid: "" }, // checked: 32 digits
      state: "planned",
    });
    const [owner, accomplice] = [user(uidRange[0]), user(uidRange[1])];
    for (const each of [owner, accomplice]) journal.move(each, "ready");
    journal.move(owner, "gone");
    assert.equal(journal.isCold(owner.uid), false);
    await assert.rejects(createAccount(helper), { code: "no-free-user" });
    journal.move(accomplice, "gone");
    assert.equal(journal.isCold(owner.uid), true);
  });
});
