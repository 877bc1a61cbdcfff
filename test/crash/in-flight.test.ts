import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { Client } from "../helper/client.ts";
import { pidsOf } from "../helper/machine.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { eventually } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";

suite("A dscl call that is under way when the helper is killed", { skip: needsRoot }, () => {
  let helper: RealHelper;
  before(async () => {
    helper = await startRealHelper();
  });
  after(() => helper?.stop());

  test("makes no record after the next helper has ended what was left", async () => {
    const client = await Client.hello(helper.socketPath);
    const creates = (): string[][] => helper.calls().filter((argv) => argv[1] === "-create");
    client.ask("createUser", {});
    await eventually(() => creates().length > 0, "a record is being made");
    helper.modes("slow=5000\n");
    const begun = creates().length;
    await eventually(() => creates().length > begun + 1, "a slow call has begun");
    await helper.kill();
    helper.modes("");
    await helper.restart();
    await eventually(() => pidsOf(`${helper.dsclDir}/dscl`).length === 0, "no call is under way");
    const name = creates()[0]?.[2]?.split("/").at(-1) ?? "";
    const records = helper.dscl(".", "-list", "/Groups") + helper.dscl(".", "-list", "/Users");
    assert.ok(name.startsWith("tcw-") && !records.includes(name), `${name} has a record that nobody knows`);
    await client.close();
  });
});
