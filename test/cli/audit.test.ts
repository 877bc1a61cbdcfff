import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { logRoot } from "../../helper/places.ts";
import { tamper, writeLog } from "../audit/written-log.ts";
import { needsRoot } from "../root.ts";
import { checkout, type Finished, launch } from "./ordinary-user.ts";

/** A log that everybody can read. */
function openLog(t: TestContext, rotateAt = 0): { file: string; head: string } {
  const { directory, file, head } = writeLog(t, { rotateAt });
  chmodSync(directory, 0o755);
  for (const each of [file, `${file}.1`]) if (existsSync(each)) chmodSync(each, 0o644);
  return { file, head };
}

suite("audit, without root", () => {
  test("finds a log intact, names its head, and says what it cannot see without one", async (t) => {
    const { file, head } = openLog(t, 2);
    const { status, stdout, stderr } = await launch(["audit", "verify", `${file}.1`, file]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(
      stdout,
      new RegExp(`^intact: 5 entries, head ${head}; lines cut off at the end would show only with --head[^\n]*\n$`),
    );
  });

  test("finds the head that the agent has logged", async (t) => {
    const { file, head } = openLog(t);
    const { status, stdout } = await launch(["audit", "verify", "--head", head, file]);
    assert.deepEqual(
      [status, stdout],
      [0, `intact: 5 entries, head ${head}; 0 entries are newer than the given head\n`],
    );
  });

  test("ends with 1 and one sentence, on stderr alone, for a changed line", async (t) => {
    const { file } = openLog(t);
    tamper(file, (lines) => lines.map((line, at) => (at === 2 ? line.replace("5501", "5502") : line)));
    const { status, stdout, stderr } = await launch(["audit", "verify", file]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^taskcluster-worker: [^\n]*audit\.log, line 4: it does not follow on from line 3[^\n]*\n$/);
  });

  test("ends with 1 for lines that are missing at the end, when it is given a head", async (t) => {
    const { file, head } = openLog(t);
    tamper(file, (lines) => lines.slice(0, -1));
    const { status, stderr } = await launch(["audit", "verify", `--head=${head}`, file]);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`no line has the hash ${head}: lines were cut off at the end`));
  });

  test("says when a named file is not the beginning", async (t) => {
    const { file } = openLog(t, 2);
    const { status, stdout } = await launch(["audit", "verify", file]);
    assert.equal(status, 0);
    assert.match(stdout, /; what came before the first line is not here; /);
  });

  test("shows one line for each entry, of one user when asked", async (t) => {
    const { file } = openLog(t);
    const all = await launch(["audit", "show", file]);
    assert.deepEqual([all.status, all.stderr, all.stdout.split("\n").length], [0, "", 6]);
    const one = await launch(["audit", "show", "--user", "5501", file]);
    assert.equal(one.stdout.split("\n").length, 5);
    const json = await launch(["audit", "show", "--json", "--user", "tcw-aaaaaaaa", file]);
    const actions = json.stdout
      .trim()
      .split("\n")
      .map((line): string => JSON.parse(line).action);
    assert.deepEqual(actions, ["directories", "spawn", "kill", "ended"]);
  });

  test("names the sudo line when no file is named", async () => {
    const { status, stderr } = await launch(["audit", "verify"]);
    assert.equal(status, 77);
    assert.match(stderr, /: sudo \.\/taskcluster-worker audit verify\n$/);
  });

  for (const [words, because] of [
    [["verfy"], /"verfy" is neither verify nor show/],
    [[], /verify\|show is missing/],
    [["verify", "--head", "12", "x"], /64 hexadecimal digits/],
    [["show", "--head", "12", "x"], /--head is for verify/],
    [["verify", "--json", "x"], /--user and --json are for show/],
    [["verify", "--instance", "../x"], /is no instance name/],
    [["verify", "--instance", "slice-1", "x"], /files or an instance/],
    [["verify", "/nonexistent/audit.log"], /does not exist/],
    [["verify", "/"], /is a directory/],
  ] satisfies [string[], RegExp][]) {
    test(`refuses "audit ${words.join(" ")}" with 64`, async () => {
      const { status, stdout, stderr } = await launch(["audit", ...words]);
      assert.deepEqual([status, stdout], [64, ""]);
      assert.match(stderr, because);
    });
  }
});

suite("audit, as root", { skip: needsRoot }, () => {
  function launchAsRoot(...argv: string[]): Promise<Finished> {
    const program = join(checkout, "taskcluster-worker");
    return new Promise((resolve) => {
      execFile(program, argv, { cwd: checkout, env: { PATH: "/usr/bin:/bin" } }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : typeof error.code === "number" ? error.code : null, stdout, stderr });
      });
    });
  }

  /** The log of an instance of our own, which only root can read. */
  function instanceLog(t: TestContext, rotateAt: number): { instance: string; file: string; head: string } {
    const { file, head } = writeLog(t, { rotateAt });
    const instance = `audit-${process.pid}`;
    const directory = join(logRoot, instance);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    t.after(() => rmSync(directory, { recursive: true }));
    for (const name of ["audit.log.1", "audit.log"]) {
      const from = join(file, "..", name);
      if (existsSync(from)) copyFileSync(from, join(directory, name));
    }
    return { instance, file: join(directory, "audit.log"), head };
  }

  test("reads both files of the instance through the starter", async (t) => {
    const { instance, head } = instanceLog(t, 2);
    const { status, stdout, stderr } = await launchAsRoot("audit", "verify", "--instance", instance, "--head", head);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^intact: 5 entries/);
    const shown = await launchAsRoot("audit", "show", `--instance=${instance}`);
    assert.equal(shown.stdout.split("\n").length, 6);
  });

  test("finds the older file missing", async (t) => {
    const { instance, file } = instanceLog(t, 2);
    rmSync(`${file}.1`);
    const { status, stderr } = await launchAsRoot("audit", "verify", "--instance", instance);
    assert.equal(status, 1);
    assert.match(stderr, /line 1: it follows on from .*audit\.log\.1, which is gone\n$/);
  });

  test("reads a closed file that is named", async (t) => {
    const { file, head } = instanceLog(t, 0);
    const { status, stdout, stderr } = await launchAsRoot("audit", "verify", file);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.ok(stdout.includes(head));
  });

  test("says that an instance has no log, and which have", async (t) => {
    const { instance } = instanceLog(t, 0);
    const { status, stderr } = await launchAsRoot("audit", "show", "--instance", "nobody-ran-this");
    assert.equal(status, 64);
    const there = new RegExp(`the instance nobody-ran-this has no audit log; instances with logs: .*\\b${instance}\\b`);
    assert.match(stderr, there);
  });
});
