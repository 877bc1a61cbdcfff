import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { useHelper } from "./fixture.ts";
import { accountOf, processesOf } from "./machine.ts";
import { eventually } from "./wait.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const nothing = { processes: 0, shared: 0, home: false, account: false };

suite("The end of a task user", { skip: needsRoot }, () => {
  // Few, because one test takes them all; five users are quarantined.
  const uids = 12;
  const fixture = useHelper((firstUid) => ({ uidRange: [firstUid, firstUid + uids - 1] }));
  const graveyard = (): string[] => {
    const directory = `/home/.taskcluster-worker-${fixture.helper.slice.name}`;
    return existsSync(directory) ? readdirSync(directory) : [];
  };

  test("leaves no process, home, account or group", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.start(user.user, bash("setsid sleep 300 >/dev/null 2>&1 & echo up"));
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left], ["gone", nothing]);
    assert.ok(gone.found.processes >= 1);
    assert.deepEqual(processesOf(user.uid), []);
    assert.equal(existsSync(`/home/${user.name}`), false);
    assert.deepEqual([accountOf("passwd", user.uid), accountOf("group", user.uid)], [undefined, undefined]);
    assert.deepEqual(graveyard(), []);
  });

  test("touches nothing that a task's link points to", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const canary = join(fixture.helper.dsclDir, "canary");
    mkdirSync(canary);
    writeFileSync(join(canary, "file"), "untouched", { mode: 0o644 });
    await client.run(
      user.user,
      bash(`ln -s ${canary} link; ln -s ${canary}/file /tmp/tcw-$UID; ln -s ${canary} /tmp/tcwd-$UID`),
    );
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    assert.equal(readFileSync(join(canary, "file"), "utf8"), "untouched");
    assert.deepEqual([lstatSync(canary).uid, lstatSync(canary).mode & 0o777], [0, 0o755]);
  });

  test("leaves what another account owns in the same shared places", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const other = await client.request("createUser", {});
    await client.run(other.user, bash("echo kept >/tmp/tcw-$UID"));
    await client.request("deleteUser", { user: user.user });
    assert.equal(readFileSync(`/tmp/tcw-${other.uid}`, "utf8"), "kept\n");
    await client.request("deleteUser", { user: other.user });
    assert.equal(existsSync(`/tmp/tcw-${other.uid}`), false);
  });

  test("is a quarantine, with the rest in root's graveyard, when something in the home cannot be deleted by the user", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    mkdirSync(join(user.home, "planted"));
    writeFileSync(join(user.home, "planted", "file"), "root's");
    chownSync(join(user.home, "planted"), 0, 0);
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left.home, gone.left.account], ["quarantined", true, true]);
    assert.equal(existsSync(`/home/${user.name}`), false);
    const graves = graveyard().filter((grave) => grave.startsWith(user.name));
    assert.equal(graves.length, 1);
    assert.equal(lstatSync(`/home/.taskcluster-worker-${fixture.helper.slice.name}`).mode & 0o777, 0o700);
    await eventually(() => fixture.helper.status().quarantined >= 1, "status.json counts it");
  });

  test("never gives a quarantined uid or name to another task user", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    fixture.helper.modes("lie=delete\n");
    const gone = await client.request("deleteUser", { user: user.user });
    fixture.helper.modes("");
    assert.deepEqual([gone.state, gone.left], ["quarantined", { ...nothing, account: true }]);
    fixture.helper.dscl(".", "-delete", `/Users/${user.name}`);
    fixture.helper.dscl(".", "-delete", `/Groups/${user.name}`);
    const seen = new Set<number>();
    const free = fixture.helper.slice.firstUid + uids - user.uid;
    // The search starts behind the uid given out last: fill all of the range, so that it comes round.
    for (let count = 0; count < uids; count += 1) {
      const next = await client.request("createUser", {}).catch(() => undefined);
      if (!next) break;
      assert.notEqual(next.uid, user.uid);
      assert.notEqual(next.name, user.name);
      seen.add(next.uid);
    }
    assert.ok(seen.size > free, "the search has come round");
  });

  test("is a rest when TCC forbids the deletion, and the next task user is the same account with a new home", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, bash("echo secret >file"));
    fixture.helper.modes("tcc=denied\n");
    t.after(() => fixture.helper.modes(""));
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left], ["resting", { ...nothing, account: true }]);
    assert.equal(existsSync(`/home/${user.name}`), false);
    const next = await client.request("createUser", {});
    assert.deepEqual([next.name, next.uid, next.home], [user.name, user.uid, user.home]);
    assert.equal((await client.run(next.user, bash("ls -A; id -u"))).output, `${user.uid}\n`);
    fixture.helper.modes("");
    assert.equal((await client.request("deleteUser", { user: next.user })).state, "gone");
  });

  test("waits until a deletion is visible", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    fixture.helper.modes("lag=400\n");
    t.after(() => fixture.helper.modes(""));
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    assert.equal(accountOf("passwd", user.uid), undefined);
  });

  test("deletes no account whose GeneratedUID is another one's, and quarantines it", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const guid = "12345678-1234-4234-8234-123456789ABC";
    fixture.helper.dscl(".", "-create", `/Users/${user.name}`, "GeneratedUID", guid);
    const gone = await client.request("deleteUser", { user: user.user });
    assert.equal(gone.state, "quarantined");
    assert.match(accountOf("passwd", user.uid) ?? "", new RegExp(`^${user.name}:`));
    assert.ok(fixture.helper.dscl("-plist", ".", "-read", `/Users/${user.name}`).includes(guid));
  });

  test("is a quarantine when dscl cannot be asked what there is, and the audit log says why", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    fixture.helper.modes("lie=read\n");
    t.after(() => fixture.helper.modes(""));
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left], ["quarantined", { processes: 0, shared: 0, home: false, account: true }]);
    const failed = fixture.helper.audit().findLast(({ action }) => action === "end-failed");
    assert.deepEqual([failed?.["user"], failed?.["error"]], [user.name, "plist: malformed at 0"]);
  });

  test("does not use a resting account whose GeneratedUID is another one's", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    fixture.helper.modes("tcc=denied\n");
    t.after(() => fixture.helper.modes(""));
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "resting");
    fixture.helper.modes("");
    fixture.helper.dscl(".", "-create", `/Users/${user.name}`, "GeneratedUID", "12345678-1234-4234-8234-123456789ABD");
    const next = await client.request("createUser", {}).catch(() => client.request("createUser", {}));
    assert.notEqual(next.uid, user.uid);
  });

  test("carries the audit log's newest hash, as it was when the user had ended", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { auditHead } = await client.request("deleteUser", { user: user.user });
    const file = `${fixture.helper.places.logs}/audit.log`;
    const hashes = execFileSync("/bin/bash", [
      "-c",
      'tail -n 5 "$0" | while IFS= read -r l; do printf %s "$l" | sha256sum; done',
      file,
    ]);
    assert.ok(hashes.toString().includes(auditHead));
  });
});
