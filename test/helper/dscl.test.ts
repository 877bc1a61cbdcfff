import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { runTool } from "../../helper/spawn.ts";
import { needsRoot } from "../root.ts";
import { rejectsWith } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { accountOf, accountsIn, pidsOf } from "./machine.ts";
import { eventually } from "./wait.ts";

suite("A task user, when dscl misbehaves,", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const range = (): [number, number] => [fixture.helper.slice.firstUid, fixture.helper.slice.firstUid + 24];

  for (const [what, modes] of [
    ["dscl fails three times with eNotYetImplemented", "flaky=eNotYetImplemented:3\n"],
    ["dscl is killed twice", "flaky=SIGKILL:2\n"],
    ["TCC forbids changes of existing records", "tcc=denied\n"],
    ["a record becomes visible late", "lag=300\n"],
  ] satisfies [string, string][]) {
    test(`is made although ${what}`, async (t) => {
      const client = await fixture.client(t);
      fixture.helper.modes(modes);
      t.after(() => fixture.helper.modes(""));
      const user = await client.request("createUser", {});
      assert.match(accountOf("passwd", user.uid) ?? "", new RegExp(`^${user.name}:`));
      fixture.helper.modes("");
      assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    });
  }

  for (const [what, modes] of [
    ["dscl is killed every time", "flaky=SIGKILL:5\n"],
    ["dscl fails every time", "flaky=eNotYetImplemented:5\n"],
    ["dscl says that it made records and did not", "lie=create\n"],
    ["dscl says that it made the user and did not", "lie=create:/Users\n"],
    ["dscl prints nothing when it reads", "lie=read\n"],
    ["dscl prints nothing when it lists", "lie=readall\n"],
  ] satisfies [string, string][]) {
    test(`is refused, and nothing is left of it, when ${what}`, async (t) => {
      const client = await fixture.client(t);
      const before = accountsIn(...range());
      fixture.helper.modes(modes);
      t.after(() => fixture.helper.modes(""));
      await rejectsWith(client.request("createUser", {}), "create-failed");
      fixture.helper.modes("");
      assert.deepEqual(accountsIn(...range()), before);
      assert.match(accountOf("passwd", (await client.request("createUser", {})).uid) ?? "", /^tcw-/);
    });
  }

  test("is not held up for longer than a call's time limit: a dscl that hangs is killed", async () => {
    fixture.helper.modes("hang=create\n");
    const begun = performance.now();
    const { exit } = await runTool(`${fixture.helper.dsclDir}/dscl`, [".", "-create", "/Users/tcw-aaaaaaaa"], 300);
    fixture.helper.modes("");
    assert.equal(exit, null);
    assert.ok(performance.now() - begun < 5000);
  });

  test("is made when a dscl that hung was killed", async (t) => {
    const client = await fixture.client(t);
    fixture.helper.modes("hang=create\n");
    const id = client.ask("createUser", {});
    const hanging = (): number[] => pidsOf(`${fixture.helper.dsclDir}/dscl . -create`);
    await eventually(() => hanging().length > 0, "dscl hangs");
    fixture.helper.modes("");
    for (const pid of hanging()) process.kill(pid, "SIGKILL");
    assert.match(accountOf("passwd", (await client.reply("createUser", id)).uid) ?? "", /^tcw-/);
  });
});
