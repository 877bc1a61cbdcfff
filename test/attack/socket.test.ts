import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { BareHelper } from "../helper/bare-helper.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";

/** Each in a mount namespace with a /run of its own, so that no other helper's socket is touched. */
suite("Before the helper starts, another user", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let bare: BareHelper;
  before(async () => {
    helper = await startRealHelper();
    bare = new BareHelper(helper);
  });
  after(async () => {
    bare?.remove();
    await helper?.stop();
  });

  function startAfter(lines: string): { status: number | null; said: string[] } {
    return bare.run(({ node, flags }) => ({
      node: "/usr/bin/unshare",
      flags: [
        "-m",
        "/bin/bash",
        "-c",
        `mount -t tmpfs -o mode=755 t /run; ${lines}; exec "$@"`,
        "bash",
        node,
        ...flags,
      ],
    }));
  }

  for (const [what, lines] of [
    ["makes the directory of the sockets", "mkdir /run/taskcluster-worker; chown 64000 /run/taskcluster-worker"],
    ["can write to the directory of the sockets", "mkdir /run/taskcluster-worker; chmod 777 /run/taskcluster-worker"],
    ["makes it a link to a place of its own", "mkdir -m 777 /run/x; ln -s x /run/taskcluster-worker"],
  ] satisfies [string, string][]) {
    test(`${what}: the helper does not start`, () => {
      const { status, said } = startAfter(lines);
      assert.deepEqual([status, said.length], [78, 1], said.join("\n"));
      assert.match(said[0] ?? "", /\/run\//);
    });
  }

  const squat = (line: string): string =>
    `mkdir -p /run/taskcluster-worker/${bare.instance}; (cd /run/taskcluster-worker/${bare.instance}; ${line})`;

  test("left a file where the helper listens: it is removed, and the helper listens on a socket of its own", () => {
    const { status, said } = startAfter(squat("touch helper.sock; chmod 777 helper.sock"));
    assert.equal(status, 0, said.join("\n"));
    assert.match(said[0] ?? "", /listens on/);
  });

  test("left a dangling link where the helper listens: no socket is made at its end", () => {
    const { status, said } = startAfter(squat("ln -s /run/elsewhere helper.sock"));
    assert.equal(status, 78, said.join("\n"));
    assert.match(said[0] ?? "", /not empty/);
  });
});
