import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Dscl } from "../../helper/dscl.ts";
import { runTool } from "../../helper/spawn.ts";
import { needsRoot } from "../root.ts";
import { holding } from "./holding.ts";

test("a tool that prints without end is killed, and has no exit", async () => {
  const { exit, stdout } = await runTool("/usr/bin/yes", [], 30_000);
  assert.equal(exit, null);
  assert.ok(stdout.length < 16 * 1024 * 1024);
});

test("a tool that does not end in time is killed, and has no exit", async () => {
  assert.equal((await runTool("/bin/sleep", ["300"], 50)).exit, null);
});

suite("dscl", { skip: needsRoot }, () => {
  test("is never given a path that is not one record of ours", async (t) => {
    const dscl = new Dscl("/bin/true", holding(t).audit);
    for (const name of ["", "root", "tcw-aaaaaaaa/..", "tcw-AAAAAAAA", "_tcworker\n"]) {
      const message = `"${name}" is no account of ours`;
      await assert.rejects(dscl.read("Users", name), { message });
      await assert.rejects(async () => dscl.create("Groups", name), { message });
      await assert.rejects(dscl.delete("Users", name), { message });
    }
  });

  test("that fails to read is an error, and no record that is not there", async (t) => {
    const dscl = new Dscl("/bin/false", holding(t).audit);
    await assert.rejects(dscl.read("Users", "_tcworker"), { message: "dscl -read /Users/_tcworker ended with 1" });
    await assert.rejects(dscl.readAll("Groups"), { message: "dscl -readall /Groups ended with 1" });
  });
});
