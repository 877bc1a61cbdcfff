import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { checkedNode } from "../../../launchd/install/node-build.ts";
import { Refusal } from "../../../launchd/refusal.ts";
import { exitStatus } from "../../../shared/exit-status.ts";

const isRefusal = (code: number, words: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.status === code && words.test(error.message);

// Elsewhere the signature is asked for as well, which no file of a test has.
suite("Node's official build", { skip: process.platform === "darwin" && "it would have to be signed" }, () => {
  const hashOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

  function given(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), "given-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const list = join(folder, "node.sha256");
    const program = join(folder, "node-program");
    writeFileSync(program, "#!/bin/sh\n");
    return { folder, list, program };
  }

  function archive(folder: string): string {
    const name = "node-v26.10.0-darwin-arm64";
    mkdirSync(join(folder, name, "bin"), { recursive: true });
    writeFileSync(join(folder, name, "bin/node"), "the program");
    const file = join(folder, `${name}.tar.gz`);
    assert.equal(spawnSync("/bin/tar", ["-czf", file, "-C", folder, name]).status, 0);
    return file;
  }

  test("is taken with the right checksum, as a copy that a later change of the file does not reach", (t) => {
    const { list, program } = given(t);
    const build = checkedNode({ file: program, sha256: hashOf(program).toUpperCase(), list });
    writeFileSync(program, "changed after it was looked at");
    assert.equal(readFileSync(build.program, "utf8"), "#!/bin/sh\n");
    assert.equal(statSync(dirname(build.program)).mode & 0o777, 0o700);
    build.forget();
    assert.equal(existsSync(dirname(build.program)), false);
  });

  test("comes out of its archive", (t) => {
    const { folder, list } = given(t);
    const file = archive(folder);
    const build = checkedNode({ file, sha256: hashOf(file), list });
    assert.equal(readFileSync(build.program, "utf8"), "the program");
    build.forget();
  });

  test("is known by the checksum that the list has for its name", (t) => {
    const { list, program } = given(t);
    writeFileSync(list, `# checked on the day of its release\n${hashOf(program)}  node-program\n`);
    checkedNode({ file: program, sha256: undefined, list }).forget();
  });

  test("is refused with another checksum, and no copy stays", (t) => {
    const { list, program } = given(t);
    assert.throws(
      () => checkedNode({ file: program, sha256: "0".repeat(64), list }),
      isRefusal(exitStatus.misconfigured, /has the checksum [0-9a-f]{64}, not 0{64}: do not use it$/),
    );
    assert.deepEqual(copies(), []);
  });

  test("is refused when nobody knows its checksum, which is named", (t) => {
    const { list, program } = given(t);
    assert.throws(
      () => checkedNode({ file: program, sha256: undefined, list }),
      isRefusal(exitStatus.usage, new RegExp(`it is ${hashOf(program)}: .*--node-sha256$`)),
    );
  });

  test("is refused when its archive has been given another name", (t) => {
    const { folder, list } = given(t);
    const file = archive(folder);
    const renamed = join(folder, "node.tar.gz");
    writeFileSync(renamed, readFileSync(file));
    assert.throws(
      () => checkedNode({ file: renamed, sha256: hashOf(file), list }),
      isRefusal(exitStatus.usage, /keep the name that it was published under$/),
    );
  });
});

/** Of the program of these tests. */
function copies(): string[] {
  return readdirSync("/var/tmp").filter((name) => existsSync(join("/var/tmp", name, "node-program")));
}
