import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isDiskOfHomeFull } from "../../agent/engine/home-room.ts";
import { makeTemporaryDirectory } from "../../agent/engine/place-file.ts";
import { TaskAccount } from "../../agent/engine/task-account.ts";
import { tinyDisk } from "../artifacts/tiny-disk.ts";
import { needsRoot } from "../root.ts";
import { connectScripted, id, scriptedUsers } from "./scripted-helper.ts";

describe("the disk of a task's home", { skip: needsRoot, timeout: 30_000 }, () => {
  for (const [what, size, files, isFull] of [
    ["with room for bytes and files is not full", "40m", 1000, false],
    ["with no room for bytes is full", "2m", 1000, true],
    ["that takes no more files is full", "40m", 3, true],
  ] as const) {
    test(what, async (t) => {
      assert.equal(await isDiskOfHomeFull(join(await tinyDisk(t, size, files), "tcw-a/home")), isFull);
    });
  }

  for (const [when, size, said, why] of [
    ["is full", "2m", "mkdir said something else", "its disk is full"],
    ["was full a moment ago", "40m", "mkdir: tmp: No space left on device", "its disk is full"],
    ["has room, and the machine no process for mkdir", "40m", "", "its tool said nothing"],
  ] as const) {
    test(`gives the task back for which no temporary directory can be made there when it ${when}`, async (t) => {
      const home = join(await tinyDisk(t, size), "tcw-a/home");
      const { client } = await connectScripted(t, {
        ...scriptedUsers(undefined, { make: { output: said, code: 1 } }),
        createUser: ({ answer }) => answer({ user: id("1"), name: "tcw-a", uid: 5001, home }),
      });
      const account = new TaskAccount(client, await client.request("createUser", {}));
      await assert.rejects(makeTemporaryDirectory(account), {
        code: "no-free-user",
        message: `'tmp' could not be made in the task's home: ${why}.`,
      });
    });
  }
});
