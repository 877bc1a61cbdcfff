import assert from "node:assert/strict";
import { chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { useHelper } from "../helper/fixture.ts";
import { accountOf } from "../helper/machine.ts";
import { needsRoot } from "../root.ts";

suite("A task user whose home could not be emptied", { skip: needsRoot }, () => {
  const fixture = useHelper();

  test("keeps its account through later helpers until its rest is taken out of the graveyard", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { helper } = fixture;
    mkdirSync(join(user.home, "planted"));
    writeFileSync(join(user.home, "planted", "file"), "root's");
    chownSync(join(user.home, "planted"), 0, 0);
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "quarantined");
    await client.close();
    await helper.kill();
    await helper.restart();
    assert.equal(helper.status().quarantined, 1);
    assert.match(accountOf("passwd", user.uid) ?? "", new RegExp(`^${user.name}:`));

    const graveyard = `/home/.taskcluster-worker-${helper.slice.name}`;
    const grave = readdirSync(graveyard).find((name) => name.startsWith(user.name)) ?? "";
    assert.ok(grave);
    rmSync(join(graveyard, grave), { recursive: true });
    await helper.kill();
    await helper.restart();
    assert.equal(helper.status().quarantined, 0);
    assert.equal(accountOf("passwd", user.uid), undefined);
  });
});
