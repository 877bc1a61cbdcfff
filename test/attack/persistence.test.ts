import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import { useHelper } from "../helper/fixture.ts";
import { toolOutput } from "../helper/machine.ts";
import { needsRoot } from "../root.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("To act after its end, a task", { skip: needsRoot }, () => {
  const fixture = useHelper();

  test("leaves a job for cron: it is found, counted and gone", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const { output } = await client.run(user.user, bash("echo '* * * * * touch /tmp/later' | crontab - && crontab -l"));
    assert.equal(output, "* * * * * touch /tmp/later\n");
    const table = `/var/spool/cron/crontabs/${user.name}`;
    assert.ok(existsSync(table));
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.found.shared, gone.left.shared, existsSync(table)], ["gone", 1, 0, false]);
  });

  test("leaves set-uid programs for another account to act as it later: none is left", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const lines =
      "for d in /tmp /var/tmp /dev/shm; do mkdir -p $d/s$UID/a; cp /usr/bin/id $d/s$UID/a/id; chmod 6755 $d/s$UID/a/id; done";
    assert.equal((await client.run(user.user, bash(lines))).exited.code, 0);
    const search = ["/tmp", "/var/tmp", "/dev/shm", "/home", "-uid", `${user.uid}`, "-perm", "/6000"];
    assert.equal(
      toolOutput("/usr/bin/find", ...search)
        .trim()
        .split("\n").length,
      3,
    );
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left.shared, toolOutput("/usr/bin/find", ...search)], ["gone", 0, ""]);
  });
});
