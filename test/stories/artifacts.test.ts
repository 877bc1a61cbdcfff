import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { bash, runOnce } from "./run-task.ts";

const file = (path: string, more: object = {}): object => ({ type: "file", path, name: `public/${path}`, ...more });
const { story } = runOnce({
  missing: bash("true", { artifacts: [file("none")] }),
  optional: bash("true", { artifacts: [file("none", { optional: true })] }),
  shadow: bash("ln -s /etc/shadow secret", { artifacts: [file("secret")] }),
  shadowByName: bash("true", { artifacts: [{ type: "file", path: "/etc/shadow", name: "public/shadow" }] }),
  // Not /etc/passwd: beside this task accounts come and go, and a file that changes while it is read is refused.
  shells: bash("ln -s /etc/shells shells", { artifacts: [file("shells")] }),
  fifo: bash("mkfifo pipe", { artifacts: [file("pipe")] }),
  socket: bash("perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => q(socket), Listen => 1)'", {
    artifacts: [file("socket")],
  }),
  device: bash("ln -s /dev/zero endless", { artifacts: [file("endless")] }),
  directory: bash("mkdir folder", { artifacts: [file("folder")] }),
  loop: bash("ln -s loop loop", { artifacts: [file("loop")] }),
  sparse: bash("truncate -s 2G big", { artifacts: [file("big", { contentEncoding: "identity" })] }),
  tree: bash(
    "mkdir -p tree/a/b tree/empty; echo 1 >tree/one; echo 2 >tree/a/b/two; mkfifo tree/pipe; ln -s /etc/shadow tree/secret",
    { artifacts: [{ type: "directory", path: "tree", name: "public/tree" }] },
  ),
  unreadable: bash("mkdir shut; echo x >shut/file; chmod 0 shut", { artifacts: [file("shut/file")] }),
  ofFailed: bash("echo result >report.txt; exit 3", { artifacts: [file("report.txt")] }),
  ofAborted: bash("echo result >report.txt; sleep 60", { artifacts: [file("report.txt")], maxRunTime: 2 }),
  growing: bash("(setsid bash -c 'while :; do echo x >>grows; done' >/dev/null 2>&1 &); sleep 0.2", {
    artifacts: [file("grows")],
  }),
  compressed: bash("yes text | head -n 100000 >text.txt", { artifacts: [file("text.txt")] }),
});

describe("what becomes of an artifact", { skip: needsRoot }, () => {
  const unreadable: readonly (readonly [Parameters<typeof story>[0], string, string, RegExp])[] = [
    ["missing", "a missing file", "none", /file-missing-on-worker: .*none/],
    ["shadow", "a link to /etc/shadow", "secret", /file-not-readable-on-worker: .*the task user may not open it/],
    ["shadowByName", "/etc/shadow itself", "shadow", /file-not-readable-on-worker: .*\/etc\/shadow/],
    ["fifo", "a FIFO", "pipe", /invalid-resource-on-worker: .*no regular file/],
    ["socket", "a socket", "socket", /invalid-resource-on-worker: .*no regular file/],
    ["device", "a link to an endless device", "endless", /invalid-resource-on-worker: .*no regular file/],
    ["directory", "a directory", "folder", /invalid-resource-on-worker: .*exists as a directory, not a file/],
    ["loop", "a link to itself", "loop", /file-missing-on-worker: .*loop/],
    ["unreadable", "a file that the task has locked away", "shut/file", /file-not-readable-on-worker: .*shut/],
  ];
  for (const [name, what, path, why] of unreadable) {
    test(`${what} is an error artifact, and the task fails`, async () => {
      const task = await story(name);
      assert.equal(task.resolution, "failed/failed");
      assert.deepEqual(task.artifacts, { [`public/${path}`]: "error" });
      assert.match(task.log, new RegExp(`TASK FAILURE during artifact upload: ${why.source}`));
    });
  }

  test("a missing file that is optional is an error artifact, and the task completes", async () => {
    const task = await story("optional");
    assert.equal(task.resolution, "completed/completed");
    assert.deepEqual(task.artifacts, { "public/none": "error" });
  });

  test("a link to a file that everybody may read is read", async () => {
    const task = await story("shells");
    assert.equal(task.resolution, "completed/completed");
    const copy = readFileSync(task.artifact("public/shells")?.path ?? "", "utf8");
    assert.equal(copy, readFileSync("/etc/shells", "utf8"));
  });

  test("a sparse file of 2 GB is uploaded whole", async () => {
    const task = await story("sparse");
    assert.equal(task.resolution, "completed/completed");
    assert.equal(statSync(task.artifact("public/big")?.path ?? "").size, 2 ** 31);
  });

  test("of a directory every regular file is uploaded, and what is none is an error", async () => {
    const task = await story("tree");
    assert.equal(task.resolution, "failed/failed");
    assert.deepEqual(task.artifacts, {
      "public/tree/a/b/two": "s3",
      "public/tree/one": "s3",
      "public/tree/pipe": "error",
      "public/tree/secret": "error",
    });
    assert.equal(readFileSync(task.artifact("public/tree/a/b/two")?.path ?? "", "utf8"), "2\n");
  });

  test("what a failed or aborted task left is uploaded", async () => {
    for (const name of ["ofFailed", "ofAborted"] as const) {
      const task = await story(name);
      assert.equal(task.resolution, "failed/failed");
      assert.equal(readFileSync(task.artifact("public/report.txt")?.path ?? "", "utf8"), "result\n");
    }
  });

  test("a process that still writes to the file is killed before the file is read", async () => {
    const task = await story("growing");
    assert.equal(task.resolution, "completed/completed");
    assert.match(readFileSync(task.artifact("public/grows")?.path ?? "", "utf8"), /^(x\n)+$/);
  });

  test("a text is compressed on its way, and is what it was again", async () => {
    const task = await story("compressed");
    assert.equal(readFileSync(task.artifact("public/text.txt")?.path ?? "", "utf8"), "text\n".repeat(100_000));
  });
});
