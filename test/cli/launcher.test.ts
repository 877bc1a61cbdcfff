import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, suite, type TestContext, test } from "node:test";
import taskcluster from "taskcluster-client";
import { commands } from "../../agent/cli/commands.ts";
import { exitStatus } from "../../agent/cli/exit-status.ts";
import { places } from "../../agent/cli/places.ts";
import { TaskCreator } from "../../agent/cli/task-creator.ts";
import { startLocalQueue } from "../../agent/local/queue.ts";
import { checkClaims } from "../../agent/queue/check.ts";
import { type Report, reportFile } from "../../agent/status/report.ts";
import { needsRoot } from "../root.ts";
import { checkout, launch } from "./ordinary-user.ts";

/** macOS has no such file: there everybody may listen where it is for all addresses. */
const firstOpenPort = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
const lowPortsClosed = existsSync(firstOpenPort) && Number(readFileSync(firstOpenPort, "utf8")) > 1;

/** As a worker leaves it at its end. */
const endedReport: Report = {
  ...{ version: "0", pid: 2, workerPoolId: "a/b", workerGroup: "c", workerId: "d", instance: "" },
  machine: { instanceId: "", instanceType: "", region: "", availabilityZone: "", privateIP: "", publicIP: "" },
  ...{ started: "2026-01-31T12:00:00.000Z", updated: "2026-01-31T12:00:00.000Z", state: "claiming", idle: null },
  ...{ doing: "", capacity: 1, currentTaskIds: [], running: [], tasksResolved: 0, lastClaim: null },
  resolved: { completed: 0, failed: 0, exception: 0 },
  drainSignal: "SIGTERM",
  end: { reason: "terminated", exitStatus: 0, machine: "keep" },
};

suite("the program, without root", () => {
  test("lists every command and every exit status in its help", async () => {
    const { status, stdout, stderr } = await launch(["--help"]);
    assert.deepEqual([status, stderr], [0, ""]);
    for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^ {2}${name} `, "m"));
    for (const code of Object.values(exitStatus)) assert.match(stdout, new RegExp(`^ +${code} `, "m"));
  });

  test("knows its version", async () => {
    assert.match((await launch(["--version"])).stdout, /^taskcluster-worker \d+\.\d+\.\d+ \(macosx engine\)\n$/);
  });

  test("names the nearest command for one that it does not have", async () => {
    const { status, stdout, stderr } = await launch(["run-tsk"]);
    assert.deepEqual([status, stdout], [64, ""]);
    assert.match(stderr, /^taskcluster-worker: there is no command "run-tsk" \(did you mean "run-task"\?\)[^\n]*\n$/);
  });

  test("prints one sentence and the exact sudo line for run-task", async () => {
    const { status, stdout, stderr } = await launch(["run-task", "examples/hello.yml", "--artifacts", "my results"]);
    assert.deepEqual([status, stdout], [77, ""]);
    assert.match(
      stderr,
      /^[^\n]*: sudo \.\/taskcluster-worker run-task examples\/hello\.yml --artifacts 'my results'\n$/,
    );
  });

  test("prints the exact sudo line for work --with-helper", async () => {
    const { status, stderr } = await launch(["work", "macosx", "--with-helper"]);
    assert.equal(status, 77);
    assert.match(stderr, /: sudo \.\/taskcluster-worker work macosx --with-helper\n$/);
  });

  test("lists what is missing and the three commands of a local session when it is not configured", async () => {
    const { status, stdout, stderr } = await launch(["work", "macosx"]);
    assert.deepEqual([status, stdout], [78, ""]);
    for (const setting of ["rootURL", "clientId", "accessToken", "workerType"])
      assert.match(stderr, new RegExp(`^ {2}${setting} `, "m"));
    assert.match(
      stderr,
      /\.\/taskcluster-worker queue\n.*sudo -E \.\/taskcluster-worker work macosx --with-helper\n.*submit examples\/hello\.yml --wait\n/s,
    );
  });

  test("refuses a logging level and an engine that it does not have", async () => {
    const level = await launch(["work", "macosx", "-l", "inof"]);
    assert.equal(level.status, 64);
    assert.match(level.stderr, /did you mean "info"/);
    const engine = await launch(["work", "docker"]);
    assert.equal(engine.status, 64);
    assert.match(engine.stderr, /the one engine is macosx/);
  });

  test("ends with generic-worker's codes as run, and with sysexits' as work", async (t) => {
    const state = await mkdtemp(join(tmpdir(), "exit-codes-"));
    await chmod(state, 0o777);
    t.after(() => rm(state, { recursive: true }));
    const good = {
      ...{ rootURL: "http://127.0.0.1:9", clientId: "a", accessToken: "a".repeat(22), provisionerId: "a" },
      ...{ workerType: "b", workerGroup: "c", workerId: "d", instance: "nobody-serves-this" },
    };
    const cases: readonly [what: string, content: string | null, run: number, work: number][] = [
      ["a file that is not there", null, 64, 64],
      ["a file that is no YAML", "{", 64, 78],
      ["an unknown setting", '{"capcity": 1}', 64, 78],
      ["a setting that generic-worker has removed", '{"deploymentId": ""}', 64, 78],
      ["a value of the wrong kind", '{"capacity": "1"}', 64, 78],
      ["a value that cannot be", '{"capacity": 0}', 73, 78],
      ["a missing setting", JSON.stringify({ ...good, clientId: "" }), 73, 78],
      ["a helper that is not there", JSON.stringify(good), 69, 69],
    ];
    await Promise.all(
      cases.map(async ([what, content, run, work], index) => {
        const config = join(state, `${index}.json`);
        if (content !== null) await writeFile(config, content);
        const ends = [["run"], ["work", "macosx"]].map(async (command) => {
          const { status, stderr } = await launch([...command, "-l", "fatal", "--config", config], { HOME: state });
          assert.match(stderr, /^taskcluster-worker: /, what);
          return status;
        });
        assert.deepEqual(await Promise.all(ends), [run, work], what);
      }),
    );
  });

  test("has no worker to show or to drain where none of this account runs, and says whose can be seen", async () => {
    const shown = await launch(["status", "--json"]);
    assert.equal(shown.status, 69);
    const { currentTaskIds, worker } = JSON.parse(shown.stdout);
    assert.deepEqual([currentTaskIds, worker], [[], "none"]);
    assert.match(
      shown.stderr,
      /no worker has left a status; instances of this account: none; to start one: sudo -E \.\/taskcluster-worker work macosx --with-helper; only the workers of this account can be seen/,
    );
    const drained = await launch(["drain", "--instance", "default"]);
    assert.equal(drained.status, 69);
    assert.match(
      drained.stderr,
      /no worker of the instance default runs that could be told; instances of this account that run: none; to start one: /,
    );
    assert.equal((await launch(["drain", "--instance", "../x"])).status, 64);
  });

  test("names the instances that there are where another one is asked for", async (t) => {
    const home = await mkdtemp(join(tmpdir(), "instances-"));
    t.after(() => rm(home, { recursive: true }));
    await chmod(home, 0o755);
    for (const instance of ["slice-10", "slice-9"]) {
      const directory = dirname(places(process.platform, instance, home).agentState);
      await mkdir(join(directory, instance), { recursive: true });
      await writeFile(join(directory, instance, reportFile), JSON.stringify({ ...endedReport, instance }));
    }
    const told = async (command: string): Promise<string> => {
      const { status, stderr } = await launch([command, "--instance", "nope"], { HOME: home });
      assert.equal(status, 69);
      return stderr;
    };
    assert.match(await told("status"), /instance nope .*; instances of this account: slice-9, slice-10; only the/);
    const none = /instance nope .*; instances of this account that run: none; to start one: sudo /;
    assert.match(await told("drain"), none);
    assert.match((await launch(["drain"], { HOME: home })).stderr, /no worker runs .* that run: none; to start one: /);
    const living = {
      ...endedReport,
      instance: "slice-9",
      end: null,
      pid: process.pid,
      updated: new Date().toISOString(),
    };
    const directory = dirname(places(process.platform, "slice-9", home).agentState);
    await writeFile(join(directory, "slice-9", reportFile), JSON.stringify(living));
    assert.match(await told("status"), /; instances of this account: slice-9; only the/);
    assert.match(await told("drain"), /; instances of this account that run: slice-9; only the/);
  });

  test("asks for root where another account's worker is meant", async () => {
    const { status, stderr } = await launch(["status", "--agent-user", "nosuch"]);
    assert.equal(status, 77);
    assert.match(stderr, /: sudo \.\/taskcluster-worker status --agent-user nosuch\n$/);
  });

  async function withoutHelper(t: TestContext): Promise<{ home: string; words: readonly string[] }> {
    const home = await mkdtemp(join(tmpdir(), "no-helper-"));
    t.after(() => rm(home, { recursive: true }));
    await chmod(home, 0o777);
    const config = join(home, "worker.yml");
    await writeFile(
      config,
      "rootURL: http://127.0.0.1:9\nclientId: a\naccessToken: aaaaaaaaaaaaaaaaaaaaaa\nprovisionerId: a\nworkerType: b\nworkerGroup: c\nworkerId: d\ninstance: nobody-serves-this\n",
    );
    return { home, words: ["work", "macosx", "-l", "fatal", "--config", config] };
  }

  test("says that the helper is not there when none serves the instance", async (t) => {
    const { home, words } = await withoutHelper(t);
    const { status, stderr } = await launch(words, { HOME: home });
    assert.equal(status, 69, stderr);
    assert.match(stderr, /^taskcluster-worker: the helper cannot be used: /);
    const line = `sudo -E ./taskcluster-worker ${words.join(" ")} --with-helper\n`;
    assert.ok(stderr.endsWith(`Where none is installed, --with-helper starts one: ${line}`), stderr);
  });

  test("does not advise --with-helper where its starter has started one, which has died since", async (t) => {
    const { home, words } = await withoutHelper(t);
    const fromStarter = { TCW_INSTANCE: "gone", TCW_SOCKET: join(home, "helper.sock") };
    const { status, stderr } = await launch([...words, "--with-helper"], { HOME: home, ...fromStarter });
    assert.equal(status, 69, stderr);
    assert.match(stderr, /^taskcluster-worker: the helper cannot be used: /);
    assert.doesNotMatch(stderr, /Where none is installed/);
  });

  test("shows the payload schema of both dialects", async () => {
    for (const dialect of ["generic-worker", "taskcluster-worker"]) {
      const { status, stdout } = await launch(["show-payload-schema", "--dialect", dialect]);
      assert.equal(status, 0);
      assert.match(JSON.parse(stdout).title, new RegExp(`${dialect}'s dialect`));
    }
  });
});

suite("queue", () => {
  test("says which port to name when its own is taken", async (t) => {
    const other = createServer().listen(0, "127.0.0.1");
    t.after(() => other.close());
    await once(other, "listening");
    const address = other.address();
    assert(typeof address === "object" && address !== null);
    const { status, stderr } = await launch(["queue", "--port", String(address.port)]);
    assert.equal(status, 69);
    assert.match(stderr, /: port \d+ is taken by another program: name another with --port, or leave --port out/);
  });

  test("says which directory it cannot use for artifacts", async () => {
    const { status, stderr } = await launch(["queue"], { TMPDIR: "/nosuch" });
    assert.equal(status, 78);
    assert.match(
      stderr,
      /^taskcluster-worker: no directory for artifacts can be made in \/nosuch: .*chmod 1777 \/nosuch\n$/,
    );
  });

  test("says which port to name when it may not have the one that it is given", { skip: !lowPortsClosed }, async () => {
    const { status, stderr } = await launch(["queue", "--port", "1"]);
    assert.equal(status, 69);
    assert.match(stderr, /: this account may not listen on port 1: name another with --port, or leave --port out/);
  });
});

suite("submit", () => {
  let folder = "";
  let blobDir = "";
  let queue: Awaited<ReturnType<typeof startLocalQueue>>;
  let env: Record<string, string> = {};
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "submit-"));
    await chmod(folder, 0o755);
    blobDir = await mkdtemp(join(tmpdir(), "submit-blobs-"));
    queue = await startLocalQueue({ blobDir, deadlineDelayMs: 0 });
    const { clientId, accessToken } = queue.rootCredentials;
    env = {
      TASKCLUSTER_ROOT_URL: queue.rootUrl,
      TASKCLUSTER_CLIENT_ID: clientId,
      TASKCLUSTER_ACCESS_TOKEN: accessToken,
    };
  });
  after(async () => {
    await queue.close();
    await rm(folder, { recursive: true });
    await rm(blobDir, { recursive: true });
  });

  async function taskFile(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o644 });
    return path;
  }

  test("creates every task of a file and prints the ids, dependencies first", async () => {
    const path = await taskFile("two.yml", "dependencies: [first]\npayload: {}\n---\ntaskId: first\npayload: {}\n");
    const { status, stdout, stderr } = await launch(["submit", path], env);
    assert.equal(status, 0, stderr);
    const [first = "", second = "", ...more] = stdout.trimEnd().split("\n");
    assert.deepEqual(more, []);
    assert.equal((await queue.waitFor(first, () => true)).state, "pending");
    assert.equal((await queue.waitFor(second, () => true)).state, "unscheduled");
  });

  test("repeats what the queue says about a task that it refuses", async () => {
    const path = await taskFile("bad.yml", "payload: {}\nscopes: [7]\n");
    const { status, stdout, stderr } = await launch(["submit", path], env);
    assert.deepEqual([status, stdout], [64, ""]);
    assert.match(
      stderr,
      /^taskcluster-worker: the queue refuses task 1 \(InputValidationError\): [^\n]*scopes[^\n]*\n$/,
    );
  });

  test("refuses a relative link that nobody would serve", async () => {
    const path = await taskFile("link.yml", "payload: {link: hello.sh}\n");
    const { status, stderr } = await launch(["submit", path], env);
    assert.equal(status, 64);
    assert.match(stderr, /relative: add --wait/);
  });

  test("follows the tasks with --wait and ends with the status of the worst", async () => {
    const path = await taskFile("wait.yml", "payload: {}\n");
    const creator = new TaskCreator(queue.rootUrl, queue.rootCredentials);
    const stop = queue.onChange(({ taskId, state, taskQueueId }) => {
      if (state === "pending" && taskQueueId === "local/macosx") void creator.cancel(taskId);
    });
    const { status, stderr } = await launch(["submit", path, "--wait"], env);
    stop();
    assert.equal(status, 2, stderr);
    assert.match(stderr, /task 1: exception \(canceled\)\n$/);
  });

  test("says with --wait where the log of a task is that did not complete", async () => {
    const path = await taskFile("failed.yml", "payload: {}\n");
    const { rootUrl, rootCredentials: credentials } = queue;
    const terms = { rootUrl, retries: 0, timeout: 30_000 };
    const stop = queue.onChange(async ({ state }) => {
      if (state !== "pending") return;
      const anyone = new taskcluster.Queue({ ...terms, credentials });
      const answer = await anyone.claimWork("local/macosx", { workerGroup: "group", workerId: "worker", tasks: 32 });
      for (const { taskId, runId, credentials } of checkClaims(answer, assert.fail))
        await new taskcluster.Queue({ ...terms, credentials }).reportFailed(taskId, runId);
    });
    const { status, stdout, stderr } = await launch(["submit", path, "--wait"], env);
    stop();
    assert.equal(status, 1, stderr);
    const log = `${rootUrl}/api/queue/v1/task/${stdout.trim()}/artifacts/public/logs/live.log`;
    assert.ok(stderr.endsWith(`task 1: failed\ntask 1: its log is at ${log}\n`), stderr);
  });

  test("says with --wait that the queue has gone, which is nobody's fault here", async () => {
    const path = await taskFile("gone.yml", "payload: {}\n");
    const other = await startLocalQueue({ blobDir, deadlineDelayMs: 0 });
    const { clientId, accessToken } = other.rootCredentials;
    const gone = Promise.withResolvers<void>();
    other.onChange(({ state }) => {
      if (state === "pending") other.close().then(gone.resolve, gone.reject);
    });
    const own = { TASKCLUSTER_CLIENT_ID: clientId, TASKCLUSTER_ACCESS_TOKEN: accessToken };
    const { status, stdout, stderr } = await launch(["submit", path, "--wait"], {
      ...own,
      TASKCLUSTER_ROOT_URL: other.rootUrl,
    });
    await gone.promise;
    assert.equal(status, 69, stderr);
    assert.match(
      stderr,
      new RegExp(`the queue does not say how task ${stdout.trim()} is, .*: The service takes no connections`),
    );
  });

  test("says what to do when there is no queue to submit to", async () => {
    const path = await taskFile("none.yml", "payload: {}\n");
    const { status, stderr } = await launch(["submit", path]);
    assert.equal(status, 78);
    assert.match(stderr, /TASKCLUSTER_ROOT_URL is not set/);
  });

  test("names the file that it cannot read, and the line to run", { skip: needsRoot }, async () => {
    const path = await taskFile("closed.yml", "payload: {}\n");
    await chmod(path, 0o600);
    const { status, stderr } = await launch(["submit", path], env);
    assert.equal(status, 64);
    assert.match(stderr, /run chmod o\+r '/);
    const directory = await launch(["submit", folder], env);
    assert.equal(directory.status, 64);
    assert.ok(directory.stderr.endsWith(`${folder} is a directory: name a file in it\n`), directory.stderr);
    const missing = await launch(["submit", join(folder, "no.yml")], env);
    assert.match(missing.stderr, /no\.yml does not exist\n$/);
  });
});

suite("the agent", () => {
  test("refuses to run as root", { skip: needsRoot }, async () => {
    const node = join(checkout, "node_modules/.bin/node");
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(node, [join(checkout, "agent/main.ts"), "--version"], (error, _, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    assert.equal(code, 77);
    assert.match(stderr, /never runs as root/);
  });
});
