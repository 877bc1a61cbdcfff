import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { filesBelow, root } from "../imports.ts";
import { trustedBase } from "./trusted-base.ts";

const base = trustedBase();

test("the lines that a reviewer has to read are within the budget", () => {
  assert.ok(base.total <= base.budget, `${base.total} lines, ${base.total - base.budget} too many`);
  assert.equal(base.budget, 2_000);
});

test("every file of helper/ is counted, with its comments", () => {
  const counted = new Map([...base.files, ...base.types].map(({ file, lines }) => [file, lines]));
  for (const file of filesBelow("helper")) {
    assert.equal(counted.get(file), readFileSync(join(root, file), "utf8").match(/\n/g)?.length, file);
  }
  const sum = [...counted.values()].reduce((total, lines) => total + lines, 0);
  assert.equal(base.total, sum);
});

test("what helper/ imports from shared/ is counted, types too, each file once", () => {
  const all = [...base.files, ...base.types, ...base.generated, ...base.shell].map(({ file }) => file);
  assert.equal(new Set(all).size, all.length);
  for (const file of ["frames", "limits", "errors", "messages"])
    assert.ok(all.includes(`shared/protocol/${file}.ts`), file);
  assert.ok(all.every((file) => /^(helper|shared\/protocol)\//.test(file)));
});

test("nothing of node_modules or of the agent is trusted", () => {
  assert.ok([...base.files, ...base.types].every(({ file }) => !/node_modules|^agent/.test(file)));
});

test("the requests are these, and no more", () => {
  assert.deepEqual([...base.requests].sort(), [
    "createUser",
    "deleteUser",
    "hello",
    "killUser",
    "signal",
    "spawn",
    "ticket",
  ]);
});

test("the flags of the installed helper allow it to write to its own places only, and make no code", () => {
  const paths = base.flags.filter((flag) => flag.startsWith("--allow-fs-write="));
  assert.ok(
    paths.length > 0 && paths.every((flag) => /taskcluster-worker|\/(home|Users)(\/\*)?$/.test(flag)),
    paths.join(),
  );
  for (const flag of [
    "--permission",
    "--jitless",
    "--disallow-code-generation-from-strings",
    "--disable-proto=throw",
    "--no-addons",
  ]) {
    assert.ok(base.flags.includes(flag), flag);
  }
});

test("every program that root starts is an absolute path", () => {
  for (const command of base.commands) assert.match(command, /^(\/|node, )/);
});

test("--json prints the same, and the exit status says whether the budget is kept", () => {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, "trusted-base.ts"), "--json"], {
    encoding: "utf8",
  });
  assert.deepEqual(JSON.parse(run.stdout), JSON.parse(JSON.stringify(base)));
  assert.equal(run.status, base.total > base.budget ? 1 : 0);
});
