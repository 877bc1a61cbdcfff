import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { releaseEntries } from "../../../launchd/package/entry.ts";
import { renderTar } from "../../../launchd/package/tar.ts";
import { isPlatform } from "../../../launchd/release/platform.ts";
import { verifyRelease } from "../../../launchd/release/verify.ts";
import { writeRelease } from "../../../launchd/release/write.ts";
import { root } from "../../imports.ts";
import { needsRoot } from "../../root.ts";
import { bash, openDirectory, runTask } from "../../stories/run-task.ts";

const platform = `${process.platform}-${process.arch}`;

test("a release that was unpacked runs a task, with no source of ours in TypeScript and the helper without executable memory", {
  skip: needsRoot,
}, async () => {
  assert.ok(isPlatform(platform));
  const directory = openDirectory();
  writeRelease({ checkout: root, platform, node: null }, join(directory, "written"));
  const archive = renderTar(releaseEntries(join(directory, "written")), "unpacked", 1_767_225_600);
  execFileSync("tar", ["-xpf", "-", "-C", directory], { input: archive });
  const release = join(directory, "unpacked");
  const listProcesses = bash('ps -axww -o args= | grep "[h]elper/main\\.\\|[a]gent/main\\."; echo bye');
  const { status, tasks } = await runTask([listProcesses], { root: release });
  assert.equal(status, 0);
  const output = tasks[0]?.output().toString() ?? "";
  const own = output.split("\n").filter((line) => line.includes("/staged/"));
  assert.ok(
    own.some((line) => / --jitless \S+\/helper\/main\.js /.test(line)),
    output,
  );
  assert.ok(
    own.some((line) => /\/agent\/main\.js run-task /.test(line)),
    output,
  );
  assert.deepEqual(verifyRelease(release), [], "nothing in it has been changed by running it");
});
