import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { needsRoot } from "../root.ts";
import { resultOf } from "./directory.ts";
import { accountLine, type Modes, standInFor, until } from "./stand-in.ts";

const name = "_tcwmode-a";
const [user, group] = [`/Users/${name}`, `/Groups/${name}`];
const complete = { [user]: { UniqueID: ["4995"], PrimaryGroupID: ["4995"], NFSHomeDirectory: ["/var/empty"] } };
/** Tests of this file share names and uids, so they run one after the other. */
const options = { skip: needsRoot, timeout: 60_000 };
const standInOf = (context: TestContext, modes: Modes = {}) => standInFor(context, "_tcwmode-", "4995-4996", modes);

test("a mode that is not understood ends the call with one sentence", options, async (context) => {
  const standIn = await standInOf(context, { tcc: "perhaps" });
  const result = await standIn.run(".", "-list", "/Users");
  assert.equal(result.exit, 70);
  assert.equal(result.stderr, "dscl stand-in: the mode 'tcc=perhaps' is not understood\n");
});

test("modes lie beside the program that a symbolic link points to", options, async (context) => {
  const standIn = await standInOf(context, { lie: "create" });
  const folder = await mkdtemp(join(tmpdir(), "dscl-link-"));
  context.after(() => rm(folder, { recursive: true }));
  await symlink(standIn.program, join(folder, "dscl"));
  const linked = spawn(join(folder, "dscl"), [".", "-create", user], { stdio: ["ignore", "pipe", "pipe"] });
  assert.equal((await resultOf(linked)).exit, 0);
  assert.equal(await standIn.read(user), undefined);
});

test("flaky makes the first changing calls fail, and counts no others", options, async (context) => {
  const standIn = await standInOf(context, { flaky: "eNotYetImplemented:2" });
  const exits = [];
  for (const verb of ["-create", "-list", "-create", "-create"]) {
    exits.push((await standIn.run(".", verb, verb === "-list" ? "/Users" : user)).exit);
  }
  assert.deepEqual(exits, [140, 0, 140, 0]);
});

test("flaky can kill the call before it does anything", options, async (context) => {
  const standIn = await standInOf(context, { flaky: "SIGKILL:1" });
  assert.equal((await standIn.run(".", "-create", user)).signal, "SIGKILL");
  assert.equal(await standIn.read(user), undefined);
  assert.equal((await standIn.run(".", "-create", user)).exit, 0);
});

test("a hanging verb does nothing until it is killed, and other verbs go on", options, async (context) => {
  const standIn = await standInOf(context, { hang: "create" });
  await writeFile(join(standIn.folder, "argv.log"), "");
  const hanging = standIn.start([".", "-create", user]);
  const result = resultOf(hanging);
  await until(async () => (await standIn.log("argv.log")).length > 0);
  assert.equal(await standIn.read(user), undefined);
  assert.equal(hanging.exitCode, null);
  hanging.kill("SIGKILL");
  assert.equal((await result).signal, "SIGKILL");
});

test("a verb can hang with one word only, in the middle of a record", options, async (context) => {
  const standIn = await standInOf(context, { hang: "create:UserShell" });
  assert.equal((await standIn.run(".", "-create", user, "RealName", "A")).exit, 0);
  await writeFile(join(standIn.folder, "argv.log"), "");
  const hanging = standIn.start([".", "-create", user, "UserShell", "/usr/bin/false"]);
  const result = resultOf(hanging);
  await until(async () => (await standIn.log("argv.log")).length > 0);
  const record = await standIn.read(user);
  assert.deepEqual([record?.["RealName"], record?.["UserShell"]], [["A"], undefined]);
  hanging.kill("SIGKILL");
  assert.equal((await result).signal, "SIGKILL");
});

test("a lie is told for its path prefix only", options, async (context) => {
  const standIn = await standInOf(context, { lie: ["delete:/Users/", "merge"] });
  await standIn.build({ ...complete, [group]: { PrimaryGroupID: ["4995"] } });
  assert.equal((await standIn.run(".", "-delete", user)).exit, 0);
  assert.equal((await standIn.run(".", "-delete", group)).exit, 0);
  assert.ok(await standIn.read(user));
  assert.equal(await standIn.read(group), undefined);
});

test("with lag a new account appears late, without another call", options, async (context) => {
  const standIn = await standInOf(context, { lag: "3000" });
  await standIn.build(complete);
  assert.equal(await standIn.read(user), undefined);
  assert.doesNotMatch((await standIn.run(".", "-list", "/Users")).stdout, /_tcwmode-a/);
  assert.equal(await accountLine("passwd", name), undefined);
  await until(async () => (await accountLine("passwd", name)) !== undefined);
  assert.deepEqual((await standIn.read(user))?.["UniqueID"], ["4995"]);
});

test("with lag a deleted account vanishes late", options, async (context) => {
  const standIn = await standInOf(context);
  await standIn.build(complete);
  await standIn.setModes({ lag: "3000" });
  assert.equal((await standIn.run(".", "-delete", user)).exit, 0);
  assert.ok(await standIn.read(user));
  assert.equal((await standIn.run(".", "-delete", user)).exit, 185);
  assert.ok(await accountLine("passwd", name));
  await until(async () => (await accountLine("passwd", name)) === undefined);
  assert.equal(await standIn.read(user), undefined);
});

test("a foreign account turns up before the next create, once", options, async (context) => {
  const standIn = await standInOf(context, { foreign: "_tcwmode-f:4996" });
  await standIn.run(".", "-create", group);
  assert.match((await accountLine("passwd", "_tcwmode-f")) ?? "", /^_tcwmode-f:x:4996:4996:/);
  await standIn.run(".", "-delete", "/Users/_tcwmode-f");
  await standIn.run(".", "-create", group);
  assert.equal(await standIn.read("/Users/_tcwmode-f"), undefined);
});

test("a foreign account cannot be one that exists", options, async (context) => {
  const standIn = await standInOf(context, { foreign: "root:4996" });
  const line = await accountLine("passwd", "root");
  assert.equal((await standIn.run(".", "-create", group)).exit, 70);
  assert.equal(await accountLine("passwd", "root"), line);
});

test("slow makes each call take that long", options, async (context) => {
  const standIn = await standInOf(context, { slow: "150" });
  const start = performance.now();
  await standIn.run(".", "-list", "/Users");
  assert.ok(performance.now() - start >= 150);
});
