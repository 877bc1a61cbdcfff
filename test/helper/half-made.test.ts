import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { Client } from "./client.ts";
import { accountOf } from "./machine.ts";
import { type RealHelper, startRealHelper } from "./real-helper.ts";
import { eventually } from "./wait.ts";

/** Without the grant of TCC macOS lets root delete no account, a half-made one neither. */
suite("An account whose making breaks off while TCC forbids deletions", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let client: Client;
  beforeEach(async () => {
    helper = await startRealHelper();
  });
  afterEach(async () => {
    await client.close();
    helper.modes("");
    // Linux's own files, where leftovers are looked for, do not show a record that has no ids yet.
    for (const name of [...namesMade(), foreigner()].filter(isRecord)) helper.dscl(".", "-delete", `/Users/${name}`);
    await helper.stop();
  });

  const foreigner = (): string => `tch${helper.slice.firstUid}`;
  const isRecord = (name: string): boolean => helper.dscl(".", "-list", "/Users").split("\n").includes(name);
  /** Of all accounts whose making has begun, in its order. */
  function namesMade(): string[] {
    const creates = helper.calls().filter(([, verb]) => verb === "-create");
    return [...new Set(creates.map(([, , path = ""]) => path.split("/")[2] ?? ""))];
  }

  /** The account is there, and only counted: the next task user is another one, whole and clean. */
  async function assertQuarantined(half: string): Promise<void> {
    assert.ok(isRecord(half), "its record has stayed");
    const next = await client.request("createUser", {});
    assert.notEqual(next.name, half);
    assert.notEqual(next.uid, helper.slice.firstUid);
    assert.match(accountOf("passwd", next.uid) ?? "", new RegExp(`^${next.name}:.*:${next.home}:/usr/bin/false$`));
    helper.modes("");
    assert.equal((await client.request("deleteUser", { user: next.user })).state, "gone");
    await client.close();
    await helper.idle();
    const { resting, quarantined } = helper.status();
    assert.deepEqual({ resting, quarantined }, { resting: 0, quarantined: 1 });
  }

  test("with its helper's death is quarantined by the next one", async () => {
    helper.modes("hang=create:UserShell\n");
    client = await Client.hello(helper.socketPath);
    client.ask("createUser", {});
    await eventually(() => helper.calls().some((argv) => argv.includes("UserShell")), "half of the record is made");
    await helper.kill();
    helper.modes("tcc=denied\n");
    await helper.restart();
    client = await Client.hello(helper.socketPath);
    await assertQuarantined(namesMade()[0] ?? "");
  });

  test("because somebody takes its uid between two steps is quarantined, and the making goes on with another uid", async () => {
    helper.modes(`foreign=${foreigner()}:${helper.slice.firstUid}\ntcc=denied\n`);
    client = await Client.hello(helper.socketPath);
    const made = await client.request("createUser", {});
    const [half = "", whole] = namesMade();
    assert.equal(made.name, whole);
    assert.equal(accountOf("passwd", helper.slice.firstUid)?.split(":")[0], foreigner());
    helper.modes("");
    assert.equal((await client.request("deleteUser", { user: made.user })).state, "gone");
    await assertQuarantined(half);
  });

  test("because it turns out to share its uid is quarantined although it is whole", async () => {
    helper.modes(`foreign=${foreigner()}:${helper.slice.firstUid}\nuid=allow\ntcc=denied\n`);
    client = await Client.hello(helper.socketPath);
    const made = await client.request("createUser", {});
    const [half = "", whole] = namesMade();
    assert.equal(made.name, whole);
    helper.modes("");
    assert.equal((await client.request("deleteUser", { user: made.user })).state, "gone");
    await assertQuarantined(half);
  });
});
