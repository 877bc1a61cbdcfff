/** taskcluster-worker's dialect: one task with all of it, and contexts of every kind. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { parse } from "yaml";
import { schemaFor } from "../../agent/payload/parse.ts";
import { tarOf, zipOf } from "../engine/archives.ts";
import { needsRoot } from "../root.ts";
import { Launched } from "./launched.ts";
import { LocalSession } from "./local-session.ts";
import { assertGone } from "./machine-clean.ts";
import { openDirectory, type Story, storiesOf, usersOf } from "./run-task.ts";

const example = "everything-taskcluster-worker";
const source = (end: string): string => join(import.meta.dirname, `../../examples/${example}.${end}`);
const lacksUnzip = existsSync("/usr/bin/unzip") ? false : "needs unzip";

const script = "#!/bin/sh\necho Test\n";
const files: Readonly<Record<string, string | Buffer>> = {
  "tree.tar.gz": gzipSync(tarOf({ "folder/test.sh": script })),
  "tree.zip": zipOf({ "folder/test.sh": script }),
  "test.sh": script,
  "test.sh.gz": gzipSync(script),
  "broken.tgz": "this is no archive",
  "named.zip": "this is none either",
};
const contexts = {
  tarGz: { context: "tree.tar.gz", command: ["folder/test.sh"] },
  zip: { context: "tree.zip", command: ["folder/test.sh"] },
  plain: { context: "test.sh", command: ["./test.sh"] },
  gz: { context: "test.sh.gz", command: ["./test.sh"] },
  broken: { context: "broken.tgz", command: ["true"] },
  noZip: { context: "named.zip", command: ["true"] },
  clash: { context: "test.sh", link: "test.sh" },
  missing: { context: "http://127.0.0.1:1023/x.zip?secret=s3cret", command: ["true"] },
  noCommand: { command: ["-definitely-an-invalid-command-"] },
} as const;
type Name = keyof typeof contexts | "everything";

test("the example has every property of the dialect", () => {
  const { payload } = parse(readFileSync(source("yml"), "utf8"));
  const properties = Object.keys(Object(schemaFor("taskcluster-worker")["properties"]));
  const absent = ["image"];
  assert.deepEqual(Object.keys(payload).sort(), properties.filter((name) => !absent.includes(name)).sort());
  const artifact = Object.keys(Object(payload.artifacts[0])).sort();
  assert.deepEqual(artifact, ["expires", "name", "path", "type"]);
});

function assertEverything(log: string): void {
  const lines = ["called with: --fast", "MODE is release, TASK_ID is ", "the context says: a file beside the script"];
  for (const line of lines) assert.ok(log.includes(`\n${line}`), line);
  for (const name of ["disableTaskclusterProxy", "reboot", "supersederUrl"]) {
    assert.match(log, new RegExp(`^\\[taskcluster[^\\]]*\\] ${name}: this worker `, "m"));
  }
}

describe("run-task in taskcluster-worker's dialect", { skip: needsRoot }, () => {
  const directory = openDirectory();
  let running: Promise<readonly Story[]> | undefined;

  async function run(): Promise<readonly Story[]> {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    for (const end of ["sh", "txt"]) copyFileSync(source(end), join(directory, `${example}.${end}`));
    const others = Object.values(contexts).map((payload) => JSON.stringify({ payload }));
    writeFileSync(join(directory, "tasks.yml"), [readFileSync(source("yml"), "utf8"), ...others].join("\n---\n"));
    const words = ["run-task", join(directory, "tasks.yml"), "--json", "--artifacts", join(directory, "artifacts")];
    const launched = new Launched(words);
    await launched.status();
    assertGone(usersOf(launched.stdout));
    return storiesOf(launched.stdout, others.length + 1);
  }

  async function story(name: Name): Promise<Story> {
    running ??= run();
    const found = (await running)[["everything", ...Object.keys(contexts)].indexOf(name)];
    return found ?? assert.fail(`there is no story ${name}`);
  }

  async function assertMalformed(name: Name, message: RegExp): Promise<void> {
    const { resolution, verdict } = await story(name);
    assert.equal(resolution, "exception/malformed-payload");
    assert.match(verdict, message);
  }

  test("completes a task that uses all of it", async () => {
    const everything = await story("everything");
    assert.equal(everything.resolution, "completed/completed");
    assertEverything(everything.log);
    const names = ["public/results/more/page.html", "public/results/said.txt", "public/said.txt"];
    const ofShell = ["private/shell/shell.html", "private/shell/sockets.json"];
    assert.deepEqual(Object.keys(everything.artifacts).sort(), [...ofShell, ...names]);
    const path = everything.artifact("public/said.txt")?.path ?? "";
    assert.equal(readFileSync(path, "utf8"), "a file beside the script\n");
  });

  for (const name of ["tarGz", "zip", "plain", "gz"] as const) {
    test(`gives a task its context: ${contexts[name].context}`, { skip: name === "zip" && lacksUnzip }, async () => {
      const found = await story(name);
      assert.equal(found.resolution, "completed/completed");
      assert.equal(found.output().toString(), "Test\n");
    });
  }

  test("refuses a context that cannot be unpacked, with what is wrong", async () => {
    await assertMalformed("broken", /^broken\.tgz cannot be unpacked: it is no sound tar\.gz archive: .*gzip/);
    if (!lacksUnzip) await assertMalformed("noZip", /^named\.zip cannot be unpacked: it is no sound zip archive: /);
  });

  test("refuses a context with a file of the link's name", async () => {
    await assertMalformed("clash", /'test\.sh' could not be written to the task's home: it exists already/);
  });

  test("calls a context that nobody serves resource-unavailable, and tells no secret of its address", async () => {
    const { resolution, log } = await story("missing");
    assert.equal(resolution, "exception/resource-unavailable");
    assert.ok(!log.includes("s3cret"));
  });

  test("calls a command that cannot be started malformed-payload, with its name in the log", async () => {
    await assertMalformed("noCommand", /-definitely-an-invalid-command-/);
  });
});

describe("work with a configuration of taskcluster-worker", { skip: needsRoot }, () => {
  const directory = openDirectory();
  let session: LocalSession;
  before(async () => {
    session = await LocalSession.start(directory);
  });
  after(() => session?.end());

  test("completes the same task, with the plugins that the file asks for", async () => {
    const worker = session.startWorker({
      transforms: ["env"],
      config: {
        engine: "macosx",
        engines: { macosx: { createUser: true } },
        plugins: {
          ...{ artifacts: {}, env: { extra: { EXTRA: { $env: "TASKCLUSTER_WORKER_ID" } } }, livelog: {}, success: {} },
          ...{ interactive: {}, tasklog: {}, logprefix: { rack: "b7" }, watchdog: {}, reboot: { taskLimit: 1 } },
          maxruntime: { maxRunTime: "1 hour", perTaskLimit: "require" },
        },
        minimumDiskSpace: 0,
      },
    });
    const id = await session.completed(source("yml"));
    assert.equal(await worker.status(), 0, "taskLimit has ended it");
    assert.match(worker.stderr.join("\n"), /plugins\.reboot\.taskLimit of 1 is reached/);
    for (const name of ["live_backing", "task"]) {
      const log = await session.artifact(id, `public/logs/${name}.log`);
      assertEverything(log);
      assert.match(log, /^\[taskcluster [^\]]*\] rack: b7\n.* runId: 0\n.* taskId: /m);
    }
    assert.equal(await session.artifact(id, "public/results/more/page.html"), "<p>release</p>\n");
  });
});
