import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { checkout, Launched, type LaunchOptions } from "./launched.ts";
import { assertGone } from "./machine-clean.ts";
import { bash, openDirectory, storiesOf, usersOf, writeTasks } from "./run-task.ts";

const hello = bash("echo hello");
const nobody = 65534;

/** What several tests look at is done once, when the first of them asks. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

async function run(argv: readonly string[], options: LaunchOptions = {}) {
  const launched = new Launched(argv, options);
  const status = await launched.status();
  return { status, stdout: launched.stdout, stderr: launched.stderr };
}

/** A FILE below a closed directory, a script beside it, and an empty directory for artifacts. */
function prepareBelowClosed() {
  const above = openDirectory();
  chmodSync(above, 0o700);
  const directory = join(above, "tasks");
  mkdirSync(join(directory, "scripts"), { recursive: true });
  writeFileSync(join(directory, "scripts/run.sh"), "#!/bin/sh\necho hello\n");
  const artifacts = join(openDirectory(), "artifacts");
  mkdirSync(artifacts);
  const file = writeTasks(join(directory, "tasks.yml"), [{ link: "scripts/run.sh" }]);
  return { file, artifacts };
}

/** A FILE in a closed directory, named relative to it. */
function prepareInClosed() {
  const directory = openDirectory();
  chmodSync(directory, 0o700);
  writeTasks(join(directory, "plain.yml"), [hello]);
  return directory;
}

/** A task to look at while it runs, which leaves an artifact that only its user could read. */
function prepareWithArtifact() {
  const directory = openDirectory();
  const artifacts = join(directory, "artifacts");
  const lines = "umask 077; echo x >f; echo begun; sleep 1; ls -l /proc/self/fd | wc -l";
  const file = writeTasks(join(directory, "tasks.yml"), [
    bash(lines, { artifacts: [{ type: "file", path: "f", name: "public/a/f" }] }),
  ]);
  return { file, artifacts };
}

describe("the starter", { skip: needsRoot, concurrency: 3 }, () => {
  // Their directories are the suite's: one that a test asks for is removed when that test ends.
  const [below, closed, withOne] = [prepareBelowClosed(), prepareInClosed(), prepareWithArtifact()];
  const belowClosed = once(() => run(["run-task", below.file, "--json", "--artifacts", below.artifacts]));
  const inClosed = once(() => run(["run-task", "./plain.yml"], { cwd: closed }));
  const withArtifact = once(async () => {
    const launched = new Launched(["run-task", withOne.file, `--artifacts=${withOne.artifacts}`]);
    await launched.said("begun");
    const { agent } = launched.processes();
    const ids = readFileSync(`/proc/${agent}/status`, "utf8").match(/^(Uid|Gid|Groups):.*$/gm) ?? [];
    return { status: await launched.status(), ids };
  });

  test("takes a FILE below a directory that only root can enter, and the scripts beside it", async () => {
    const { status, stdout, stderr } = await belowClosed();
    assert.equal(status, 0, stderr.join("; "));
    assert.match(storiesOf(stdout, 1)[0]?.told ?? "", /^hello$/m);
    assertGone(usersOf(stdout));
  });

  test("says which folder to open when a script beside FILE cannot be read", async () => {
    assert.equal((await inClosed()).status, 0);
    writeFileSync(join(closed, "run.sh"), "#!/bin/sh\necho hello\n");
    const linked = writeTasks(join(closed, "linked.yml"), [{ link: "run.sh" }]);
    const { status, stderr } = await run(["run-task", linked]);
    assert.equal(status, 64);
    assert.match(stderr.join("\n"), new RegExp(`"run\\.sh" .*chmod o\\+x '?${closed}`));
  });

  test("takes a relative FILE from the directory it is called in", async () => {
    assert.equal((await inClosed()).status, 0);
  });

  test("runs a checkout that another account owns and can write to, by a link to its launcher", async () => {
    const directory = openDirectory();
    const root = join(directory, "checkout");
    for (const part of ["agent", "helper", "shared", "launchd", "test/dscl", "package.json", "package-lock.json"]) {
      cpSync(join(checkout, part), join(root, part), { recursive: true });
    }
    cpSync(join(checkout, "taskcluster-worker"), join(root, "taskcluster-worker"));
    symlinkSync(realpathSync(join(checkout, "node_modules")), join(root, "node_modules"));
    spawnSync("/bin/chown", ["-Rh", `${nobody}:${nobody}`, root]);
    spawnSync("/bin/chmod", ["-R", "a+rwX", join(root, "helper"), join(root, "agent")]);
    symlinkSync(join(root, "taskcluster-worker"), join(directory, "taskcluster-worker"));
    const file = writeTasks(join(directory, "tasks.yml"), [hello]);
    const { status, stderr } = await run(["run-task", file], { root: directory });
    assert.equal(status, 0, stderr.join("; "));
  });

  test("gives the agent a uid of its own, and root's descriptors to nobody", async () => {
    const { status, ids } = await withArtifact();
    assert.equal(status, 0);
    assert.match(ids[0] ?? "", /^Uid:\t(49\d\d)\t\1\t\1\t\1$/);
    assert.match(ids[1] ?? "", /^Gid:\t(49\d\d)\t\1\t\1\t\1$/);
    assert.match(ids[2] ?? "", /^Groups:\s*(49\d\d)?\s*$/);
  });

  test("--artifacts makes the directory; what is in it can be read by everybody", async () => {
    assert.equal((await withArtifact()).status, 0);
    const { artifacts } = withOne;
    assert.equal(readFileSync(join(artifacts, "public/a/f"), "utf8"), "x\n");
    const modes = ["", "public", "public/a", "public/a/f"].map((path) => lstatSync(join(artifacts, path)).mode & 0o777);
    assert.deepEqual(modes, [0o755, 0o755, 0o755, 0o644]);
  });

  test("--artifacts takes a directory that is empty, and refuses one that is not", async () => {
    assert.equal((await belowClosed()).status, 0);
    const { file, artifacts } = below;
    const second = await run(["run-task", file, "--artifacts", artifacts]);
    assert.equal(second.status, 64);
    assert.match(
      second.stderr.join("\n"),
      /artifacts is no empty directory, nor a new name in a directory that exists: name one/,
    );
  });

  test("--artifacts below a directory that is not there is refused with one sentence", async () => {
    const file = writeTasks(join(openDirectory(), "tasks.yml"), [hello]);
    const { status, stderr } = await run(["run-task", file, "--artifacts", join(openDirectory(), "none/artifacts")]);
    assert.equal(status, 64);
    assert.match(stderr.at(-1) ?? "", /none\/artifacts is no empty directory, nor a new name/);
  });

  test("--artifacts in a directory that the agent cannot enter is refused before any task runs", async () => {
    const closed = openDirectory();
    chmodSync(closed, 0o700);
    const file = writeTasks(join(openDirectory(), "tasks.yml"), [hello]);
    const { status, stdout, stderr } = await run(["run-task", file, "--artifacts", join(closed, "artifacts")]);
    assert.equal(status, 64);
    assert.match(stderr.join("\n"), /the agent's account cannot reach it \(EACCES\): name one in a folder that others/);
    assert.deepEqual(stdout, []);
  });

  test("--artifacts does not follow a link", async () => {
    const directory = openDirectory();
    mkdirSync(join(directory, "elsewhere"), { mode: 0o700 });
    symlinkSync(join(directory, "elsewhere"), join(directory, "artifacts"));
    const file = writeTasks(join(directory, "tasks.yml"), [hello]);
    const { status } = await run(["run-task", file, "--artifacts", join(directory, "artifacts")]);
    assert.equal(status, 64);
    assert.equal(lstatSync(join(directory, "elsewhere")).uid, 0);
    assert.deepEqual(readdirSync(join(directory, "elsewhere")), []);
  });

  test("--agent-user runs the agent as that account", async (t) => {
    // A name that test/crash/ takes for none of the machine's own accounts, which must not change beside it.
    const name = `_tcwstory-${process.pid}`;
    const made = spawnSync("/usr/sbin/useradd", ["--create-home", "--uid", `${3000 + (process.pid % 1000)}`, name], {
      encoding: "utf8",
    });
    assert.equal(made.status, 0, made.stderr);
    t.after(() => spawnSync("/usr/sbin/userdel", ["--remove", name]));
    const uid = Number(spawnSync("/usr/bin/id", ["-u", name], { encoding: "utf8" }).stdout);
    const file = writeTasks(join(openDirectory(), "tasks.yml"), [bash("echo begun; sleep 1")]);
    const launched = new Launched(["run-task", file, "--agent-user", name]);
    await launched.said("begun");
    const { agent } = launched.processes();
    assert.match(
      readFileSync(`/proc/${agent}/status`, "utf8"),
      new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, "m"),
    );
    assert.equal(await launched.status(), 0);
  });

  for (const name of ["root", "no-such-account", "0"]) {
    test(`--agent-user ${name} is refused`, async () => {
      const file = writeTasks(join(openDirectory(), "tasks.yml"), [hello]);
      const { status, stderr } = await run(["run-task", file, "--agent-user", name]);
      assert.equal(status, 64);
      assert.match(stderr.join("\n"), /cannot be the agent: name an account that exists, not root.s or a task.s$/);
    });
  }

  const wrong: readonly (readonly [string, (directory: string) => string[], RegExp])[] = [
    [
      "a FILE that does not exist",
      (directory) => [join(directory, "none.yml")],
      /none\.yml (cannot be read|does not exist)/,
    ],
    ["a directory as FILE", (directory) => [directory], /is a directory/],
    ["no FILE", () => [], /FILE is missing/],
    ["an unknown option", (directory) => [join(directory, "tasks.yml"), "--jsn"], /did you mean "--json"/],
    ["a FILE with a syntax error", (directory) => [join(directory, "broken.yml")], /broken\.yml:1: /],
    [
      "a FILE with a foreign key",
      (directory) => [join(directory, "foreign.yml")],
      /foreign\.yml:1: .*below "payload:"/,
    ],
  ];
  for (const [what, words, why] of wrong) {
    test(`${what} is wrong usage: 64, one line on stderr, nothing on stdout`, async () => {
      const directory = openDirectory();
      writeTasks(join(directory, "tasks.yml"), [hello]);
      writeFileSync(join(directory, "broken.yml"), "payload: {command: [");
      writeFileSync(join(directory, "foreign.yml"), "command: [[true]]\npayload: {}\n");
      const { status, stdout, stderr } = await run(["run-task", ...words(directory)]);
      assert.equal(status, 64, stderr.join("; "));
      assert.deepEqual(stdout, []);
      assert.equal(stderr.length, 1, stderr.join("\n"));
      assert.match(stderr[0] ?? "", why);
    });
  }

  test("who is not root is told the line to run: 77", async () => {
    const directory = openDirectory();
    chownSync(directory, nobody, nobody);
    writeTasks(join(directory, "tasks.yml"), [hello]);
    const { status, stdout, stderr } = await run(["run-task", "tasks.yml", "--json"], { cwd: directory, uid: nobody });
    assert.equal(status, 77);
    assert.deepEqual(stdout, []);
    assert.match(stderr.join("\n"), /which only root can do: sudo \S+\/taskcluster-worker run-task tasks\.yml --json$/);
    rmSync(join(directory, "tasks.yml"));
  });
});
