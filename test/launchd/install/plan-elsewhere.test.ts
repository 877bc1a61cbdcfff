import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { launch } from "../../cli/ordinary-user.ts";

const elsewhere = process.platform === "darwin" && "this is a Mac";

suite("on another system than macOS, without root", { skip: elsewhere }, () => {
  test("install --plan prints what a bare Mac would get, and says that it is none", async () => {
    const { status, stdout, stderr } = await launch(["install", "--agent-user", "ci", "--volume", "200g", "--plan"]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^this is no Mac: the plan is for one on which nothing is installed/);
    assert.match(stdout, /^ +\d+ member {5}ci in the group _tcworker\n/m);
    assert.match(stdout, /^ +\d+ state {6}\/Users\/ci\/Library\/.*\n/m);
    assert.match(stdout, /^ +\d+ volume {5}.* at most 200g, /m);
    assert.match(stderr, /without the agent's job, which follows when \/Library\/.*\/worker\.yml is filled in$/m);
    assert.doesNotMatch(stdout, /as it is|IN THE WAY|nonexistent/);
  });

  test("install --plan --json is a document for programs", async () => {
    const { status, stdout } = await launch(["install", "--headless", "--plan", "--json"]);
    assert.equal(status, 0);
    const { install, foreign } = JSON.parse(stdout);
    assert.ok(install.every(({ state }: { state: string }) => state === "to do"));
    assert.deepEqual(foreign, []);
  });

  test("the other plans are refused, and install --plan is named", async () => {
    for (const command of ["upgrade", "uninstall"]) {
      const { status, stdout, stderr } = await launch([command, "--plan"]);
      assert.deepEqual([status, stdout], [64, ""]);
      assert.match(stderr, /: an installation is for macOS; elsewhere install --plan shows what it would do/);
    }
  });
});
