/** A task that fills a disk must not be able to keep its own end from happening. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { Client, RefusedError } from "../helper/client.ts";
import { accountOf, accountsIn, processesOf, toolOutput } from "../helper/machine.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const tasksDir = `/home/tcw-full-${process.pid}`;

function mount(folder: string, options: string): void {
  toolOutput("/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
}
/** Takes all of the volume's room, down to the last byte of its last page. */
const fill = (folder: string): string =>
  toolOutput("/bin/bash", "-c", `cat /dev/zero >"$0/filler" 2>/dev/null; exit 0`, folder);
const command = { argv: ["true"], env: {} };

suite("A full disk", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let client: Client;
  before(async () => {
    mkdirSync(tasksDir, { mode: 0o711 });
    mount(tasksDir, "size=4m,nr_inodes=300,mode=0711");
    helper = await startRealHelper({ tasksDir });
    client = await Client.hello(helper.socketPath);
  });
  after(async () => {
    await client?.close();
    await helper?.stop();
    toolOutput("/bin/umount", tasksDir);
    rmdirSync(tasksDir);
  });

  for (const [what, lines] of [
    ["bytes", "cat /dev/zero >f; echo x >g"],
    ["files", "i=0; while : >f$((i++)); do :; done; mkdir d"],
    [
      "bytes in files that nobody sees any more",
      "exec 9>f; rm f; cat /dev/zero >&9; sleep 300 >/dev/null 2>&1 & disown",
    ],
  ] satisfies [string, string][]) {
    test(`of ${what} in its home does not save a task user, and the next one has the room again`, async () => {
      const user = await client.request("createUser", {});
      const { output } = await client
        .run(user.user, bash(`{ ${lines}; } 2>&1 >/dev/null; :`))
        .catch(() => ({ output: "" }));
      assert.match(output, /No space left on device/);
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, existsSync(`${tasksDir}/${user.name}`)], ["gone", false]);
      const next = await client.request("createUser", {});
      assert.equal((await client.run(next.user, bash("head -c 1M /dev/zero >f && echo fits"))).output, "fits\n");
      await client.request("deleteUser", { user: next.user });
    });
  }

  test("keeps new users out, and nothing half made stays", async () => {
    const user = await client.request("createUser", {});
    await client.run(user.user, bash("i=0; while : >f$((i++)); do :; done 2>/dev/null"));
    await assert.rejects(client.request("createUser", {}), { code: "create-failed" });
    assert.deepEqual(accountsIn(helper.slice.firstUid, helper.slice.firstUid + 24).length, 2, "one user and its group");
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
  });

  for (const place of ["private", "logs"] as const) {
    test(`below root's ${place === "logs" ? "logs" : "journal"} lets nothing new begin, ends what there is, and is told truly when there is room`, async (t) => {
      await client.close();
      await helper.kill();
      const folder = helper.places[place];
      mount(folder, "size=64k,mode=0700");
      await helper.restart();
      t.after(async () => {
        await client.close();
        await helper.idle();
        await helper.kill();
        toolOutput("/bin/umount", "--lazy", folder); // startHelper holds the log open.
        await helper.restart();
        client = await Client.hello(helper.socketPath);
      });
      client = await Client.hello(helper.socketPath);
      const users: Answers["createUser"][] = [await client.request("createUser", {})];
      fill(folder);
      const codes = new Set<string>();
      for (let attempt = 0; attempt < 8 && codes.size === 0; attempt += 1) {
        const made = await client.request("createUser", {}).catch((error: unknown) => error);
        if (made instanceof RefusedError) codes.add(made.code);
        else users.push(made as Answers["createUser"]); // checked: the line above
      }
      assert.deepEqual([...codes], ["journal-unwritable"]);
      if (place === "logs") await beginsNothing(users);
      for (const { user } of users) assert.equal((await client.request("deleteUser", { user })).state, "gone");
      for (const { uid } of users) assert.equal(accountOf("passwd", uid), undefined);
      rmSync(`${folder}/filler`);
      const { user } = await client.request("createUser", {});
      assert.equal((await client.request("deleteUser", { user })).state, "gone");
      if (place === "logs") assertChain(readFileSync(`${folder}/audit.log`, "utf8"));
      await client.close();
      await helper.kill();
      await helper.restart();
      assert.deepEqual(accountsIn(helper.slice.firstUid, helper.slice.firstUid + 24), []);
      assert.equal(helper.status().quarantined, 0);
    });
  }

  for (const place of ["private", "logs"] as const) {
    test(`below root's ${place === "logs" ? "logs" : "journal"} does not keep the next helper from ending what a killed one left`, async (t) => {
      await client.close();
      await helper.idle();
      client = await Client.hello(helper.socketPath);
      const { user, uid } = await client.request("createUser", {});
      await client.start(user, bash("echo up; exec sleep 300"));
      await client.close();
      await helper.kill();
      const folder = helper.places[place];
      const journal = readFileSync(`${helper.places.private}/journal`);
      mount(folder, "size=64k,mode=0700");
      if (place === "private") writeFileSync(`${folder}/journal`, journal);
      if (place === "private") writeFileSync(`${folder}/helper.lock`, "");
      if (place === "logs") for (const name of ["helper.log", "audit.log"]) writeFileSync(`${folder}/${name}`, "");
      fill(folder);
      t.after(async () => {
        await helper.kill();
        toolOutput("/bin/umount", "--lazy", folder);
        await helper.restart();
        client = await Client.hello(helper.socketPath);
      });
      await helper.restart();
      assert.deepEqual(processesOf(uid), []);
      assert.equal(accountOf("passwd", uid), undefined);
    });
  }

  /** No command starts, and an account is not even planned. */
  async function beginsNothing(users: Answers["createUser"][]): Promise<void> {
    const journal = (): string => readFileSync(`${helper.places.private}/journal`, "utf8");
    const before = journal();
    const code = "journal-unwritable";
    await assert.rejects(client.request("createUser", {}), { code });
    assert.equal(journal(), before);
    for (const { user } of users) await assert.rejects(client.request("spawn", { user, ...command }), { code });
  }

  /** Whole lines hang together, and one of them counts those that were lost. */
  function assertChain(text: string): void {
    const whole = text.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    const lines = whole.map((line) => ({ hash: createHash("sha256").update(line).digest("hex"), ...JSON.parse(line) }));
    for (const [index, { prev }] of lines.entries()) {
      if (index > 0) assert.equal(prev, lines[index - 1]?.hash, `line ${index}`);
    }
    assert.ok(lines.some(({ lost }) => lost > 0));
  }
});
