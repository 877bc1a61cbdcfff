import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { needsRoot } from "../root.ts";
import { resultOf } from "./directory.ts";
import { accountLine, foreignLines, type Modes, standInFor } from "./stand-in.ts";

const name = "_tcwacct-a";
const [user, group] = [`/Users/${name}`, `/Groups/${name}`];
const complete = { [user]: { UniqueID: ["4993"], PrimaryGroupID: ["4993"], NFSHomeDirectory: ["/var/empty"] } };
/** Tests of this file share names and uids, so they run one after the other. */
const options = { skip: needsRoot, timeout: 60_000 };
const standInOf = (context: TestContext, modes: Modes = {}) => standInFor(context, "_tcwacct-", "4993-4994", modes);
const database = "/var/lib/taskcluster-worker/dscl";
test("every part of the program compiles, called or not", () => {
  const whole = readFileSync(join(import.meta.dirname, "dscl"), "utf8").replace("\n__DATA__\n", "\n\n");
  const { status, stderr } = spawnSync("/usr/bin/perl", ["-cw", "-"], { input: whole, encoding: "utf8" });
  assert.equal(stderr, "- syntax OK\n");
  assert.equal(status, 0);
});

test("calls are logged when a log is there, one JSON array per line", options, async (context) => {
  const standIn = await standInOf(context);
  await standIn.run(".", "-list", "/Users");
  assert.deepEqual(await standIn.log("argv.log"), []);
  await writeFile(join(standIn.folder, "argv.log"), "");
  const calls = [
    ["-plist", ".", "-read", user],
    [".", "-create", user, "RealName", 'quote " back \\ line\nend é'],
  ];
  for (const call of calls) await standIn.run(...call);
  const logged: unknown[] = (await standIn.log("argv.log")).map((line) => JSON.parse(line));
  assert.deepEqual(logged, calls);
});

test("deleting all users spares every account outside the reserved range, and is logged", options, async (context) => {
  const standIn = await standInOf(context);
  await standIn.build(complete);
  const before = foreignLines();
  assert.equal((await standIn.run(".", "-delete", "/Users/.")).exit, 0);
  assert.deepEqual(foreignLines(), before);
  assert.equal(await accountLine("passwd", name), undefined);
  const log = await standIn.log("danger.log");
  assert.equal(log[0], "DELETED-ALL /Users");
  assert.ok(log.includes("WOULD-HAVE-DELETED /Users/root"));
  assert.ok(!log.includes(`WOULD-HAVE-DELETED ${user}`));
});

test("deleting one user is not logged as dangerous", options, async (context) => {
  const standIn = await standInOf(context);
  await standIn.build(complete);
  await standIn.run(".", "-delete", user);
  assert.deepEqual(await standIn.log("danger.log"), []);
});

test("deleting or changing a foreign account is only pretended, and logged", options, async (context) => {
  const standIn = await standInOf(context);
  const before = await readFile("/etc/passwd", "utf8");
  assert.equal((await standIn.run(".", "-delete", "/Users/nobody")).exit, 0);
  assert.equal((await standIn.run(".", "-create", "/Users/nobody", "UserShell", "/bin/sh")).exit, 0);
  assert.equal((await standIn.run(".", "-delete", "/Groups/nogroup")).exit, 0);
  assert.equal(
    await accountLine("passwd", "nobody"),
    before.split("\n").find((line) => line.startsWith("nobody:")),
  );
  assert.ok(await accountLine("group", "nogroup"));
  assert.deepEqual(await standIn.log("danger.log"), [
    "WOULD-HAVE-DELETED /Users/nobody",
    "WOULD-HAVE-CHANGED /Users/nobody dsAttrTypeStandard:UserShell",
    "WOULD-HAVE-DELETED /Groups/nogroup",
  ]);
});

test("a foreign account has the GeneratedUID that macOS derives from its id", options, async (context) => {
  const standIn = await standInOf(context);
  const root = await standIn.read("/Users/root");
  assert.deepEqual(root?.["GeneratedUID"], ["FFFFEEEE-DDDD-CCCC-BBBB-AAAA00000000"]);
  const staff = await standIn.read("/Groups/root");
  assert.deepEqual(staff?.["GeneratedUID"], ["ABCDEFAB-CDEF-ABCD-EFAB-CDEF00000000"]);
});

test("changing a foreign home to itself tells whether the grant is there", options, async (context) => {
  const standIn = await standInOf(context);
  const home = (await standIn.read("/Users/nobody"))?.["NFSHomeDirectory"]?.[0] ?? "";
  const probe = [".", "-change", "/Users/nobody", "NFSHomeDirectory", home, home];
  assert.equal((await standIn.run(...probe)).exit, 0);
  await standIn.setModes({ tcc: "denied" });
  assert.equal((await standIn.run(...probe)).exit, 40);
  assert.deepEqual(await standIn.log("danger.log"), []);
});

test("an account of the range that the database does not know can be deleted", options, async (context) => {
  const standIn = await standInOf(context);
  await standIn.build(complete);
  await rm(join(database, "Users", name));
  assert.deepEqual((await standIn.read(user))?.["GeneratedUID"], ["FFFFEEEE-DDDD-CCCC-BBBB-AAAA00001381"]);
  assert.equal((await standIn.run(".", "-delete", user)).exit, 0);
  assert.equal(await accountLine("passwd", name), undefined);
});

test("a uid outside the reserved range stays in the database", options, async (context) => {
  const standIn = await standInOf(context, { uid: "allow" });
  await standIn.build({ [user]: { UniqueID: ["0"], PrimaryGroupID: ["0"] } });
  assert.equal(await accountLine("passwd", name), undefined);
  assert.deepEqual((await standIn.read(user))?.["UniqueID"], ["0"]);
});

test("a value cannot add a line or a field to the account files", options, async (context) => {
  const standIn = await standInOf(context);
  const evil = "x\n_tcwacct-evil:x:4994:4994::/:/bin/false";
  await standIn.build({ [user]: { ...complete[user], RealName: [evil], UserShell: ["/bin/a:b"] } });
  await standIn.build({
    [group]: { PrimaryGroupID: ["4993"], GroupMembership: ["a,b", "c\n_tcwacct-evil:x:4994:", "daemon"] },
  });
  assert.equal(await accountLine("passwd", "_tcwacct-evil"), undefined);
  assert.equal(await accountLine("group", "_tcwacct-evil"), undefined);
  assert.equal(
    await accountLine("passwd", name),
    `${name}:x:4993:4993:x__tcwacct-evil_x_4994_4994__/_/bin/false:/var/empty:/bin/a_b`,
  );
  assert.equal(await accountLine("group", name), `${name}:x:4993:daemon`);
  assert.deepEqual((await standIn.read(user))?.["RealName"], [evil]);
});

test("a name that is no Linux account name stays in the database", options, async (context) => {
  const standIn = await standInOf(context);
  await standIn.build({ [`${user}%3ax`]: { UniqueID: ["4993"], PrimaryGroupID: ["4993"] } });
  assert.deepEqual(Object.keys(await standIn.records("_tcwacct-")), [`${user}:x`]);
  assert.ok(!readFileSync("/etc/passwd", "utf8").includes("4993"));
});

test(
  "create walks dot-dot but first makes a record of that name, which no path can delete",
  options,
  async (context) => {
    const standIn = await standInOf(context);
    context.after(() => rm(join(database, "Users", "%2E%2E")));
    assert.equal((await standIn.run(".", "-create", `/Users/../Users/${name}`)).exit, 0);
    assert.deepEqual((await standIn.read("/Users/.."))?.["RecordName"], [".."]);
    assert.ok(await standIn.read(user));
    await standIn.run(".", "-delete", "/Users/%2e%2e");
    assert.ok(await standIn.read("/Users/.."));
    assert.doesNotMatch((await standIn.run(".", "-list", "/Users")).stdout, /^\.\.$/m);
  },
);

test("account files keep their mode and owner", options, async (context) => {
  const standIn = await standInOf(context);
  const files = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"];
  const owners = () =>
    Promise.all(files.map(async (file) => stat(file).then(({ mode, uid, gid }) => ({ mode, uid, gid }))));
  const before = await owners();
  await standIn.build({ ...complete, [group]: { PrimaryGroupID: ["4993"] } });
  assert.ok(await accountLine("gshadow", name));
  assert.deepEqual(await owners(), before);
});

test("the database is for root only", options, async (context) => {
  const standIn = await standInOf(context);
  await standIn.build(complete);
  assert.equal((await stat(database)).mode & 0o777, 0o700);
  assert.equal((await stat(join(database, "Users", name))).mode & 0o777, 0o600);
});

test("without root accounts can be read and not changed", options, async (context) => {
  const standIn = await standInOf(context);
  await chmod(standIn.folder, 0o755);
  const nobody = { uid: 65534, gid: 65534 };
  assert.equal(
    (await resultOf(standIn.start([".", "-read", "/Users/root", "UniqueID"], nobody))).stdout,
    "UniqueID: 0\n",
  );
  const refused = await resultOf(standIn.start([".", "-create", user], nobody));
  assert.equal(refused.exit, 40);
  assert.equal(await standIn.read(user), undefined);
});
