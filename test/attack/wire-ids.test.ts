import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Audit } from "../../helper/audit.ts";
import { Dscl } from "../../helper/dscl.ts";
import { runAs } from "../../helper/spawn.ts";
import { rejectsWith } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { processesOf } from "../helper/machine.ts";
import { within } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";

const hostileUids = ["0", "-1", "-101", "4294967295", '"0"', "0.5", "null", "true", "[]", '{"uid":0}', '"root"'];
const hostileNames = [
  "",
  ".",
  "..",
  "../",
  "/",
  "-rf",
  "%2e",
  "a/b",
  "a\u0000b",
  "root",
  "tcw-aaaaaaaa",
  "x".repeat(300),
];
const accountFiles = ["/etc/passwd", "/etc/group"];

suite("An agent that chooses ids", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const others = (): string[] =>
    accountFiles.flatMap((file) => readFileSync(file, "utf8").split("\n")).filter((line) => !/^tc[wfg]/.test(line));

  test("an agent puts a uid into a request: the connection ends, whatever the key and the value", async (t) => {
    const keys = ["uid", "gid", "pid", "name", "home", "__proto__"];
    const fields = [...hostileUids.map((value) => ["uid", value]), ...keys.map((key) => [key, "0"])];
    const before = fixture.helper.calls().length;
    for (const [key, value] of fields) {
      const client = await fixture.client(t);
      client.send(`{"type":"createUser","data":{"id":2,"${key}":${value}}}\f`);
      assert.equal((await within(client.ended, "the end"))?.code, "message-invalid", `${key}: ${value}`);
      await fixture.helper.idle();
    }
    assert.equal(fixture.helper.calls().length, before, "no account was begun");
  });

  test("an agent names a user by a uid, a name or a path: the connection ends, and no account of others is touched", async (t) => {
    const before = others();
    for (const request of ["deleteUser", "killUser"] as const) {
      for (const name of [...hostileNames.map((each) => JSON.stringify(each)), ...hostileUids]) {
        const client = await fixture.client(t);
        client.send(`{"type":"${request}","data":{"id":2,"user":${name}}}\f`);
        assert.equal((await within(client.ended, "the end"))?.code, "message-invalid", name);
        await fixture.helper.idle();
      }
    }
    assert.deepEqual(others(), before);
    assert.equal(existsSync(join(fixture.helper.dsclDir, "danger.log")), false);
  });

  test("a mistake of ours hands dscl a hostile name: it is refused before dscl runs", async () => {
    const dscl = new Dscl(join(fixture.helper.dsclDir, "dscl"), new Audit(join(fixture.helper.dsclDir, "audit")));
    const before = fixture.helper.calls().length;
    for (const name of [
      ...hostileNames.filter((each) => !each.startsWith("tcw-")),
      "tcw-aaaaaaaa/..",
      "tcw-AAAAAAAA",
    ]) {
      await assert.rejects(async () => dscl.delete("Users", name), /is no account of ours/, name);
      await assert.rejects(async () => dscl.create("Users", name), /is no account of ours/, name);
    }
    assert.equal(fixture.helper.calls().length, before);
  });

  test("a mistake of ours starts a process with a uid that is none, or is not in the range: nothing is started", async () => {
    const range = [fixture.helper.slice.firstUid, fixture.helper.slice.firstUid + 24] as const;
    const config = { ...JSON.parse("{}"), uidRange: range };
    for (const text of [
      ...hostileUids,
      `"${range[0]}"`,
      `${range[0] - 1}`,
      `${range[1] + 1}`,
      `${range[0]}.5`,
      "501",
    ]) {
      const uid: number = JSON.parse(text);
      await assert.rejects(runAs(uid, config, "sweep", ["tcw-aaaaaaaa", text], 5000), /is no task uid/, text);
    }
  });

  /** bash's arguments up to those of the command, as the helper gives them for the uid 5555. */
  function firstLines(): string[] {
    const lines = readFileSync(join(fixture.helper.code, "helper/become-user.sh"), "utf8");
    const prologue = ["5555", "60", "256", "0022", "/", "direct"];
    return ["--norc", "--noprofile", "-p", "-c", lines, "become-user", ...prologue];
  }

  test("the kernel ignores setuid, as XNU does for -101: the first lines of the child see it and run nothing", () => {
    const asRoot = spawnSync("/bin/bash", [...firstLines(), "/bin/echo", "I am root"], {
      env: {},
      timeout: 10_000,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      encoding: "utf8",
    });
    assert.deepEqual([asRoot.status, asRoot.stdout], [126, ""]);
    assert.equal(`${asRoot.output[3]}`, "not-the-user\n");
  });

  test("the group of the child is still root's: its first lines see it and run nothing", () => {
    const stdio: ["ignore", "pipe", "pipe", "pipe"] = ["ignore", "pipe", "pipe", "pipe"];
    const options = { uid: 5555, gid: 0, env: {}, stdio, encoding: "utf8", timeout: 10_000 } as const;
    const child = spawnSync("/bin/bash", [...firstLines(), "/bin/echo", "I am in wheel"], options);
    assert.deepEqual([child.status, child.stdout, `${child.output[3]}`], [126, "", "not-the-user\n"]);
  });

  test("an agent guesses the id of another agent's user: it is nobody's", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const guess = user.user.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    client.frame("killUser", { id: 20, user: guess });
    await rejectsWith(client.reply("killUser", 20), "unknown-id");
    await fixture.helper.idle();
    assert.deepEqual(processesOf(user.uid), []);
  });
});
