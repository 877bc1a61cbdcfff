import assert from "node:assert/strict";
import { test } from "node:test";
import { hostFacts, workerVersion } from "../agent/host.ts";
import { toolOutput } from "../agent/subprocess.ts";

test("the worker's version is a version", () => {
  assert.match(workerVersion(), /^\d+\.\d+\.\d+/);
});

test("the facts of the host name the operating system by its own tool", async () => {
  const facts = await hostFacts();
  assert.match(facts["taskcluster-worker"]?.["system"] ?? "", /^(macOS|Linux) \d+\./);
});

test("a tool gets the constant environment and nothing of ours", async () => {
  process.env["SECRET_OF_THE_AGENT"] = "x";
  assert.deepEqual((await toolOutput("/usr/bin/env", []))?.split("\n").sort(), [
    "LC_ALL=C",
    "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
  ]);
});

test("a tool that fails has no output", async () => {
  assert.equal(await toolOutput("/bin/ls", ["/no/such/path"]), null);
});

test("a tool that does not exist has no output", async () => {
  assert.equal(await toolOutput("/no/such/tool", []), null);
});
