import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { needsRoot } from "../root.ts";
import { resultOf } from "./directory.ts";
import { accountLine, foreignLines, type Modes, standInFor, until } from "./stand-in.ts";

const name = "_tcwrace-a";
const user = `/Users/${name}`;
const complete = { [user]: { UniqueID: ["4997"], PrimaryGroupID: ["4997"], NFSHomeDirectory: ["/var/empty"] } };
/** Tests of this file share names and uids, so they run one after the other. */
const options = { skip: needsRoot, timeout: 60_000 };
const standInOf = (context: TestContext, modes: Modes = {}) => standInFor(context, "_tcwrace-", "4997-4999", modes);

test("calls at once lose no account", options, async (context) => {
  const standIn = await standInOf(context);
  const uids = ["4997", "4998", "4999"];
  const paths = uids.map((uid) => `/Users/_tcwrace-${uid}`);
  const each = (key: string) =>
    Promise.all(paths.map((path, index) => standIn.run(".", "-create", path, key, uids[index] ?? "")));
  const results = [...(await each("UniqueID")), ...(await each("PrimaryGroupID"))];
  assert.deepEqual(
    results.filter(({ exit }) => exit !== 0),
    [],
  );
  for (const uid of uids) assert.ok(await accountLine("passwd", `_tcwrace-${uid}`));
});

test("of two calls at once for one uid, one gets it", options, async (context) => {
  const standIn = await standInOf(context);
  const paths = [`${user}1`, `${user}2`];
  const results = await Promise.all(paths.map((path) => standIn.run(".", "-create", path, "UniqueID", "4997")));
  assert.deepEqual(results.map(({ exit }) => exit).sort(), [0, 55]);
});

test("a call waits for the holder of the password lock", options, async (context) => {
  const standIn = await standInOf(context);
  const program = `open my $f, "+<", "/etc/.pwd.lock" or die; my $l = pack("s s x4 q q l x4", 1, 0, 0, 0, 0); fcntl($f, 7, $l) or die; $| = 1; print "held\\n"; <STDIN>`;
  const holder = spawn("/usr/bin/perl", ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  const released = once(holder, "exit");
  await once(holder.stdout, "data");
  const order: string[] = [];
  await writeFile(join(standIn.folder, "argv.log"), "");
  const waiting = standIn.run(".", "-create", user).then(({ exit }) => order.push(`created ${exit}`));
  await until(async () => (await standIn.log("argv.log")).length > 0);
  await delay(50);
  order.push("released");
  holder.stdin.end();
  await Promise.all([waiting, released]);
  assert.deepEqual(order, ["released", "created 0"]);
});

test("a reader of /etc/passwd never sees a part of it", options, async (context) => {
  const standIn = await standInOf(context);
  const before = foreignLines();
  let changing = true;
  const changeOften = async () => {
    for (let round = 0; round < 5; round += 1) {
      await standIn.build(complete);
      await standIn.run(".", "-delete", user);
    }
  };
  const changes = changeOften().finally(() => {
    changing = false;
  });
  let reads = 0;
  const readOften = async () => {
    for (; changing; reads += 1) {
      assert.deepEqual(foreignLines(), before);
      await delay(1);
    }
  };
  await Promise.all([changes, readOften()]);
  assert.ok(reads > 5);
});

test("a call killed at any moment leaves accounts that the next calls can put right", options, async (context) => {
  const standIn = await standInOf(context);
  const before = foreignLines();
  for (let round = 0; round < 20; round += 1) {
    await standIn.run(".", "-create", user, "UniqueID", "4997");
    const call = round % 2 === 0 ? [".", "-create", user, "PrimaryGroupID", "4997"] : [".", "-delete", user];
    const child = standIn.start(call);
    const result = resultOf(child);
    await delay(round);
    child.kill("SIGKILL");
    await result;
    assert.deepEqual(foreignLines(), before);
    assert.ok([0, 185].includes((await standIn.run(".", "-delete", user)).exit ?? -1));
    assert.equal(await accountLine("passwd", name), undefined);
    assert.equal(await accountLine("shadow", name), undefined);
  }
});

test("a call is short", options, async (context) => {
  const standIn = await standInOf(context);
  const times: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const start = performance.now();
    await standIn.run(".", "-create", user, "RealName", `round ${round}`);
    times.push(performance.now() - start);
  }
  const median = times.sort((one, other) => one - other)[7] ?? Number.POSITIVE_INFINITY;
  context.diagnostic(`median ${median.toFixed(1)} ms, with the start of the process`);
  assert.ok(median < 250);
});
