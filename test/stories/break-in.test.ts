import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { checkout } from "./launched.ts";

interface Session {
  readonly status: number | null;
  readonly out: string;
}

/** The lines of an attacker, and everything that they got. */
function attack(...lines: string[]): Session {
  const run = spawnSync(join(checkout, "taskcluster-worker"), ["break-in"], {
    input: lines.map((line) => `${line}\n`).join(""),
    env: { PATH: "/usr/bin:/bin" },
    encoding: "utf8",
    timeout: 120_000,
  });
  return { status: run.status, out: run.stdout };
}

suite("break-in", { skip: needsRoot }, () => {
  test("shows for each refused request the rule behind it and root's own record, and goes on", () => {
    const { status, out } = attack(
      "hello",
      "create",
      'send {"type":"spawn","data":{"id":9,"user":"u1","argv":["id"],"env":{},"uid":0}}',
      "open",
      "hello",
      "delete ffffffffffffffffffffffffffffffff",
      "open",
      "raw {\\x00}\\f",
      "quit",
    );
    assert.equal(status, 0);
    assert.match(out, /it is u1\n/);
    assert.match(
      out,
      /its schema says: the whole must NOT have additional properties\nrule: .*schemas\.ts\)\.\naudit: .*"protocol-error"/,
    );
    assert.match(out, /fatal: .*"unknown-id".*\nrule: .*session\.ts.*\naudit: .*"unknown-id"/);
    assert.match(out, /fatal: .*"frame-malformed".*\nrule: .*frames\.ts\)\.\naudit: .*"frame-malformed"/);
  });

  test("gives a shell as a task user and one as the agent, and neither reads root's flag", () => {
    const flag = "/var/lib/taskcluster-worker/slice-1/private/flag";
    const { status, out } = attack(
      "flag",
      "hello",
      "task",
      "id -un",
      "cat /etc/shadow",
      "agent",
      "! id -un",
      `! cat ${flag}`,
    );
    assert.equal(status, 0);
    assert.match(out, /the flag is the text of \/\S+\/private\/flag, which only root can read/);
    assert.match(
      out,
      /\ntcw-[a-z2-7]{8}\nexit 0\ncat: \/etc\/shadow: Permission denied\nexit 1\nrule: no request was made/,
    );
    assert.match(out, /\n_tcworker\nexit 0\ncat: .*: Permission denied\nexit 1\n/);
  });

  test("has another flag in each session", () => {
    const path = /the text of (\S+),/.exec(attack("flag").out)?.[1] ?? "";
    assert.ok(existsSync(path));
    const old = readFileSync(path, "utf8");
    const { status, out } = attack(`flag ${old}`);
    assert.deepEqual([status, out], [0, "That is not the flag.\n"]);
  });
});
