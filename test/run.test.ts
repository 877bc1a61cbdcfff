import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

suite("the test runner", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "runner-"));
    const file = (name: string, body: string) =>
      writeFile(join(folder, `${name}.test.ts`), `import { test } from "node:test";\n${body}\n`);
    await file("good", 'test("good", () => {});');
    await file("bad", 'test("bad", () => { throw new Error("no"); });');
    await file("root", 'test("rooted", { skip: "needs root" }, () => {});');
    await file("program", 'test("programmed", { skip: "needs xyzzy" }, () => {});');
  });
  after(() => rm(folder, { recursive: true }));

  function runner(strict: boolean, ...names: string[]): Promise<{ status: number; out: string }> {
    const files = names.map((name) => join(folder, `${name}.test.ts`));
    const { NODE_TEST_CONTEXT: _, REQUIRE_ROOT: __, ...env } = process.env;
    const words = [join(import.meta.dirname, "run.ts"), ...files];
    return new Promise((resolve) => {
      execFile(process.execPath, words, { env: { ...env, ...(strict ? { REQUIRE_ROOT: "1" } : {}) } }, (error, out) =>
        resolve({ status: error === null ? 0 : Number(error.code), out }),
      );
    });
  }

  test("ends with node's own closing lines", async () => {
    const { status, out } = await runner(false, "good");
    assert.equal(status, 0);
    assert.match(out, /ℹ tests 1\n[\s\S]*ℹ pass 1\nℹ fail 0\n[\s\S]*ℹ duration_ms [\d.]+\n$/);
  });

  test("fails when a test fails", async () => {
    const { status, out } = await runner(false, "good", "bad");
    assert.equal(status, 1);
    assert.match(out, /ℹ fail 1\n/);
  });

  test("counts the tests that need root in its last line, and passes", async () => {
    const { status, out } = await runner(false, "good", "root", "program");
    assert.equal(status, 0);
    assert.match(out, /\n1 tests need root: sudo npm test\n$/);
  });

  test("fails for every skipped test where none may be, and names it", async () => {
    for (const name of ["root", "program"]) {
      const { status, out } = await runner(true, "good", name);
      assert.equal(status, 1);
      assert.match(out, /REQUIRE_ROOT=1 allows no skipped test/);
      assert.match(out, new RegExp(`${name}\\.test\\.ts: \\w+ed \\(needs `));
    }
    assert.equal((await runner(true, "good")).status, 0);
  });
});
