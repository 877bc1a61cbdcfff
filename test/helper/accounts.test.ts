import assert from "node:assert/strict";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { useHelper } from "./fixture.ts";
import { accountOf } from "./machine.ts";

suite("A new task user", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const range = (): [number, number] => [fixture.helper.slice.firstUid, fixture.helper.slice.firstUid + 24];

  /** The dscl calls that change something, made by `work`. */
  async function changes<T>(work: () => Promise<T>): Promise<[T, string[][]]> {
    const before = fixture.helper.calls().length;
    const result = await work();
    return [
      result,
      fixture.helper
        .calls()
        .slice(before)
        .filter(([option]) => option !== "-plist"),
    ];
  }

  test("is an account of this machine with uid and gid of the range, no shell and no other group", async (t) => {
    const { user } = await fixture.clientWithUser(t);
    const [first, last] = range();
    assert.ok(user.uid >= first && user.uid <= last);
    assert.match(user.name, /^tcw-[a-z2-7]{8}$/);
    assert.equal(
      accountOf("passwd", user.uid),
      `${user.name}:x:${user.uid}:${user.uid}:Taskcluster task:${user.home}:/usr/bin/false`,
    );
    assert.equal(accountOf("group", user.uid), `${user.name}:x:${user.uid}:`);
    assert.ok(!readFileSync("/etc/group", "utf8").includes(`:${user.name}`));
  });

  test("is made by these calls of dscl and no others, each attribute once", async (t) => {
    const client = await fixture.client(t);
    const [{ name, uid, home }, calls] = await changes(() => client.request("createUser", {}));
    const [group, user] = [`/Groups/${name}`, `/Users/${name}`];
    assert.deepEqual(calls, [
      [".", "-create", group],
      [".", "-create", group, "PrimaryGroupID", `${uid}`],
      [".", "-create", group, "RealName", "Taskcluster task"],
      [".", "-create", group, "Password", "*"],
      [".", "-create", user],
      [".", "-create", user, "UniqueID", `${uid}`],
      [".", "-create", user, "NFSHomeDirectory", home],
      [".", "-create", user, "UserShell", "/usr/bin/false"],
      [".", "-create", user, "IsHidden", "1"],
      [".", "-create", user, "PrimaryGroupID", `${uid}`],
      [".", "-create", user, "RealName", "Taskcluster task"],
      [".", "-create", user, "Password", "*"],
    ]);
  });

  test("is deleted by two calls of dscl, user first, each naming one record", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const [, calls] = await changes(() => client.request("deleteUser", { user: user.user }));
    assert.deepEqual(
      calls,
      ["Users", "Groups"].map((type) => [".", "-delete", `/${type}/${user.name}`]),
    );
  });

  test("is read only as a property list", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.request("deleteUser", { user: user.user });
    const reads = fixture.helper.calls().filter((argv) => argv.some((word) => /^-(read|list|search)/.test(word)));
    assert.ok(reads.length > 4);
    for (const argv of reads) {
      assert.equal(argv[0], "-plist");
      assert.match(
        argv.slice(1, 4).join(" "),
        /^\. -read(all \/(Users|Groups)| \/(Users|Groups)\/(tcw-[a-z2-7]{8}|_tcworker))$/,
      );
    }
    assert.ok(!existsSync(`${fixture.helper.dsclDir}/danger.log`));
  });

  test("has a home of its own, in a directory that it cannot change", async (t) => {
    const { user } = await fixture.clientWithUser(t);
    const [top, home] = [lstatSync(`/home/${user.name}`), lstatSync(user.home)];
    assert.equal(user.home, `/home/${user.name}/home`);
    assert.deepEqual([top.uid, top.gid, top.mode & 0o7777], [0, user.uid, 0o710]);
    assert.deepEqual([home.uid, home.gid, home.mode & 0o7777], [user.uid, user.uid, 0o700]);
  });

  test("gets another uid and name than the one before, which is gone", async (t) => {
    const client = await fixture.client(t);
    const uids = new Set<number>();
    for (let count = 0; count < 4; count += 1) {
      const user = await client.request("createUser", {});
      uids.add(user.uid);
      await client.request("deleteUser", { user: user.user });
    }
    assert.equal(uids.size, 4);
  });

  test("gets a uid of its own when several are made at once", async (t) => {
    const client = await fixture.client(t);
    const users = await Promise.all([1, 2, 3].map(() => client.request("createUser", {})));
    assert.equal(new Set(users.map(({ uid }) => uid)).size, 3);
    assert.equal(new Set(users.map(({ name }) => name)).size, 3);
  });

  for (const uid of ["enforce", "allow"]) {
    test(`gets the next uid when a foreign account takes the planned one, and dscl would ${uid} it`, async (t) => {
      const { client, user } = await fixture.clientWithUser(t);
      const [first, last] = range();
      const planned = user.uid === last ? first : user.uid + 1;
      const foreigner = `tcf${uid}${first}`;
      t.after(() => {
        fixture.helper.modes("");
        fixture.helper.dscl(".", "-delete", `/Users/${foreigner}`);
      });
      fixture.helper.modes(`foreign=${foreigner}:${planned}\nuid=${uid}\n`);
      const made = await client.request("createUser", {});
      assert.notEqual(made.uid, planned);
      assert.match(accountOf("passwd", planned) ?? "", new RegExp(`^${foreigner}:`));
      assert.equal(accountOf("group", planned), undefined, "its own half-made group is gone");
    });
  }

  test("never gets a uid that only a group has", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const [first, last] = range();
    const next = user.uid === last ? first : user.uid + 1;
    const group = `/Groups/tcg${first}`;
    t.after(() => fixture.helper.dscl(".", "-delete", group));
    fixture.helper.dscl(".", "-create", group);
    fixture.helper.dscl(".", "-create", group, "PrimaryGroupID", `${next}`);
    assert.notEqual((await client.request("createUser", {})).uid, next);
  });
});
