import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { type Layout, layoutOf } from "../../../launchd/layout.ts";
import { optionsFile, renderPostinstall, renderPreinstall } from "../../../launchd/package/scripts.ts";

/** Prints how it was called, and its environment. */
const recorder = `#!/bin/sh
for word; do printf 'argument:%s\\n' "$word"; done
/usr/bin/env
`;

let directory = "";
let layout: Layout;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "it's a root "));
});
after(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  layout = layoutOf(mkdtempSync(join(directory, "root-")));
});

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function run(script: string, volume = "/"): { status: number | null; stdout: string; stderr: string } {
  const argv = ["-c", script, "script", "/tmp/worker.pkg", layout.package, volume, "/"];
  const env = { PATH: "/nowhere", NODE_OPTIONS: "--inspect", DYLD_INSERT_LIBRARIES: "x" };
  return spawnSync("/bin/sh", argv, { encoding: "utf8", env });
}

function argumentsIn(stdout: string): string[] {
  return [...stdout.matchAll(/^argument:(.*)$/gm)].map(([, word = ""]) => word);
}

suite("the script before the files are put in place", () => {
  test("removes what an earlier package has put there, and nothing beside it", () => {
    write(join(layout.package, "bin/old"), "");
    write(join(layout.base, "versions/1/bin/node"), "");
    assert.equal(run(renderPreinstall(layout)).status, 0);
    assert.ok(!existsSync(layout.package));
    assert.ok(existsSync(join(layout.base, "versions/1/bin/node")));
  });

  test("refuses another volume than the one that runs", () => {
    write(join(layout.package, "bin/old"), "");
    const { status, stderr } = run(renderPreinstall(layout), "/Volumes/Other");
    assert.equal(status, 1);
    assert.match(stderr, /^taskcluster-worker: [^\n]+\n$/);
    assert.ok(existsSync(layout.package));
  });
});

suite("the script after the files have been put in place", () => {
  beforeEach(() => {
    const program = join(layout.package, "taskcluster-worker");
    write(program, recorder);
    chmodSync(program, 0o755);
  });

  test("upgrades where there is an installation", () => {
    write(layout.receipt, "{}");
    write(optionsFile(layout), "--headless\n");
    const { status, stdout } = run(renderPostinstall(layout));
    assert.equal(status, 0);
    assert.deepEqual(argumentsIn(stdout), ["upgrade"]);
  });

  test("installs with the options that root has left, each line one argument whatever is in it", () => {
    write(optionsFile(layout), "--agent-user\nci\n\n--config\n/a b/$(touch x) `y` *.yml");
    const { stdout } = run(renderPostinstall(layout));
    assert.deepEqual(argumentsIn(stdout), ["install", "--agent-user", "ci", "--config", "/a b/$(touch x) `y` *.yml"]);
  });

  test("says what to do where nothing was chosen yet, and starts nothing", () => {
    const { status, stdout } = run(renderPostinstall(layout));
    assert.equal(status, 0);
    assert.match(stdout, /^taskcluster-worker: [^\n]+: sudo [^\n]+taskcluster-worker[^\n]* install --help\n$/);
  });

  test("passes nothing of the installer's environment on", () => {
    write(layout.receipt, "{}");
    const { stdout } = run(renderPostinstall(layout));
    const names = [...stdout.matchAll(/^(\w+)=/gm)]
      .map(([, name]) => name)
      .filter((name) => !/^(PWD|_|SHLVL|OLDPWD)$/.test(name ?? ""));
    assert.deepEqual(names.sort(), ["LC_ALL", "PATH"]);
    assert.match(stdout, /^PATH=\/usr\/bin:\/bin:\/usr\/sbin:\/sbin$/m);
  });

  test("ends with the status of what it has started", () => {
    const program = join(layout.package, "taskcluster-worker");
    writeFileSync(program, "#!/bin/sh\nexit 75\n");
    write(layout.receipt, "{}");
    assert.equal(run(renderPostinstall(layout)).status, 75);
  });
});

test("each program in the scripts has an absolute path", () => {
  const words = /^(set|if|elif|else|fi|then|while|do|done|echo|exit|run|\[|\}|#!.*|)$/;
  for (const script of [renderPreinstall(layoutOf()), renderPostinstall(layoutOf())]) {
    for (const line of script.split("\n")) {
      const [first = ""] = line.trim().split(" ");
      assert.ok(words.test(first) || first === "run()" || first.startsWith("/"), line);
    }
  }
});
