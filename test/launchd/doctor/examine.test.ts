import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Check } from "../../../launchd/doctor/check.ts";
import { checks } from "../../../launchd/doctor/checks.ts";
import { statusOf, subjectOf } from "../../../launchd/doctor/command.ts";
import { type Examined, examine } from "../../../launchd/doctor/examine.ts";
import { fail, fixOf, notHere, pass, warn } from "../../../launchd/doctor/finding.ts";
import { DeniedError } from "../../../launchd/doctor/machine.ts";
import { documentOf, tableOf } from "../../../launchd/doctor/table.ts";
import { healthy, launcher, layout, statusFile } from "./healthy.ts";
import { exited, type MachineData, type Patch, patched, StandIn } from "./stand-in.ts";

function check(id: string, probe: Check["probe"], timeoutMs = 20_000): Check {
  return { id, title: `title of ${id}`, why: `why of ${id}`, remedy: "", timeoutMs, probe };
}

const subjectWith = (patch: Patch = {}, data: MachineData = healthy) =>
  subjectOf(new StandIn(patched(data, patch)), layout, launcher);

async function found(wanted: readonly Check[], patch: Patch = {}) {
  return (await examine(wanted, await subjectWith(patch))).map(({ finding }) => finding);
}

/** Closed to everybody but root. */
const asSomebody: Patch = {
  uid: 502,
  files: {
    [layout.privateState]: { denied: true },
    [layout.places.private]: { denied: true },
    [layout.places.socket]: { denied: true },
    [`${layout.places.logs}/audit.log`]: { denied: true },
  },
};

suite("What doctor makes of its checks", () => {
  test("one that hangs is a failure of that check, and the next is asked", async () => {
    const hangs = check("hangs", () => new Promise(() => {}), 20);
    const [first, second] = await found([hangs, check("fine", () => pass("good"))]);
    assert.equal(first?.result, "fail");
    assert.match(first?.what ?? "", /the check itself did not end in 0\.02 s/);
    assert.deepEqual(second, pass("good"));
  });

  test("one that crashes is a failure of that check, and the next is asked", async () => {
    const crashes = check("crashes", () => {
      throw new Error("it broke");
    });
    const [first, second] = await found([crashes, check("fine", () => pass("good"))]);
    assert.deepEqual(first, fail("the check itself failed: it broke", `sudo ${launcher} doctor --json`));
    assert.deepEqual(second, pass("good"));
  });

  test("what may not be looked at needs root, and is a failure for root itself", async () => {
    const denied = check("denied", () => {
      throw new DeniedError("/closed");
    });
    const [somebody] = await found([denied], { uid: 502 });
    assert.equal(somebody?.result, "not-here");
    assert.deepEqual(somebody && fixOf(somebody), [`sudo ${launcher} doctor`]);
    assert.equal((await found([denied]))[0]?.result, "fail");
  });

  test("somebody who is not root is told what needs root, and nothing of it fails", async () => {
    const examined = await examine(checks, await subjectWith(asSomebody));
    assert.deepEqual(
      examined.filter(({ finding }) => finding.result === "fail" || finding.result === "warn"),
      [],
    );
    const notAsked = examined.filter(({ finding }) => finding.result === "not-here");
    for (const { check, finding } of notAsked) {
      assert.match(finding.what, /root/, check.id);
    }
    assert.deepEqual(
      notAsked.map(({ check }) => check.id),
      [
        ...["modes", "signing-keys", "socket", "screen-lock", "background-items"],
        ...["queue", "scopes", "worker-manager", "clock", "local-network"],
      ],
    );
  });

  test("somebody who is not root still sees a socket directory that is open", async () => {
    const files = {
      ...asSomebody.files,
      [layout.places.socketDir]: { kind: "directory", mode: 0o777, gid: 4900 } as const,
    };
    const examined = await examine(checks, await subjectWith({ ...asSomebody, files }));
    assert.equal(examined.find(({ check }) => check.id === "socket")?.finding.result, "fail");
  });

  test("on another platform the checks of a Mac are not asked", async () => {
    const linux: MachineData = {
      ...{ platform: "linux", uid: 502, processes: [], config: "", wrongFiles: [], nodeSource: "given" },
      ...{ files: { "/home": { kind: "directory" } }, free: { "/home": 100_000 } },
      tools: {
        "/usr/bin/getent passwd": "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\n",
        "/usr/bin/getent group": "root:x:0:\n",
        [`${launcher} check-service --register`]: exited(78, "taskcluster-worker: no settings\n"),
      },
    };
    const examined = await examine(checks, await subjectWith({}, linux));
    for (const { check, finding } of examined) {
      if (check.only) assert.equal(finding.what, "not on this platform", check.id);
      else if (check.installed) assert.equal(finding.what, "nothing is installed here", check.id);
    }
    const uids = examined.find(({ check }) => check.id === "uids");
    assert.deepEqual(uids?.finding, pass("none but ours"));
    const queue = examined.find(({ check }) => check.id === "queue");
    assert.deepEqual(queue?.finding, notHere("no worker is configured here"));
  });

  test("the services are asked once for all checks, and a trial is run once where no agent is connected", async () => {
    for (const agent of [true, false]) {
      const machine = new StandIn(patched(healthy, { files: { [layout.places.status]: statusFile({ agent }) } }));
      await examine(checks, await subjectOf(machine, layout, launcher));
      const runs = (wanted: string) => machine.ran.filter((line) => line.includes(wanted)).length;
      assert.deepEqual([runs(" run-task "), runs(" check-service ")], [agent ? 0 : 1, 1]);
    }
  });

  test("a worker that registers itself is not registered anew while it runs", async () => {
    const machine = new StandIn(healthy);
    await (await subjectOf(machine, layout, launcher)).services();
    assert.ok(machine.ran.at(-1)?.includes("check-service"));
    assert.doesNotMatch(machine.ran.at(-1) ?? "", /--register/);
  });
});

suite("What doctor tells", () => {
  const examined: readonly Examined[] = [
    { check: check("good", () => pass("")), finding: pass("as it should be") },
    { check: check("doubtful", () => pass("")), finding: warn("not quite", "mend it") },
    { check: check("bad", () => pass("")), finding: fail("broken \x1b[2J", "first", "then") },
  ];
  const [good, doubtful, bad] = examined;

  test("a table of aligned rows, with why and the commands below what is not right", () => {
    assert.equal(
      tableOf(examined, false),
      [
        "pass  good      as it should be",
        "WARN  doubtful  not quite",
        "                why   why of doubtful",
        "                fix   mend it",
        "FAIL  bad       broken \ufffd[2J",
        "                why   why of bad",
        "                fix   first",
        "                fix   then",
        "",
        "1 pass, 1 warn, 1 fail, 0 not asked here",
        "",
      ].join("\n"),
    );
  });

  test("with colour only where it is asked for, and then only on the first word", () => {
    assert.match(tableOf(examined, true), /^\x1b\[32mpass\x1b\[39m {2}good/);
  });

  test("one JSON document with every check and the worst result", async () => {
    const document = JSON.parse(documentOf(examined, await subjectWith()));
    const { at, platform, root, installed, result } = document;
    assert.deepEqual(
      { at, platform, root, installed, result },
      { at: "2026-11-26T12:00:00.000Z", platform: "darwin", root: true, installed: "0.1.0", result: "fail" },
    );
    assert.deepEqual(document.checks[1], {
      ...{ id: "doubtful", title: "title of doubtful", why: "why of doubtful" },
      ...{ result: "warn", what: "not quite", fix: ["mend it"] },
    });
  });

  test("a status of 1 for a failure, and for a warning only when it is asked to be strict", () => {
    assert.ok(good && doubtful && bad);
    assert.deepEqual(
      [
        statusOf([good], true),
        statusOf([good, doubtful], false),
        statusOf([good, doubtful], true),
        statusOf([bad], false),
      ],
      [0, 0, 1, 1],
    );
  });
});
