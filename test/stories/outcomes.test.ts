import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { bash, runOnce } from "./run-task.ts";

const script = '#!/bin/bash\necho "I am $(id -un) in $PWD"\necho "$@"\n';
const { ran, story } = runOnce(
  {
    linked: { link: "pass.sh", env: { GREETING: "hi" } },
    linkedWithCommand: { link: "pass.sh", command: ["./pass.sh", "an argument"] },
    fails: bash("exit 3"),
    secondFails: {
      command: [["true"], ["/bin/bash", "-c", "exit 4"], ["/bin/bash", "-c", "echo never"]],
      maxRunTime: 60,
    },
    missing: { command: [["no-such-program"]], maxRunTime: 60 },
    missingInOther: { command: ["no-such-program"] },
    notExecutable: { command: [["/etc/passwd"]], maxRunTime: 60 },
    noInterpreter: { link: "lost.sh" },
    noInterpreterInOther: {
      command: [["/bin/bash", "-c", "printf '#!/no/such/program\\n' >f; chmod +x f"], ["./f"]],
      maxRunTime: 60,
    },
    emptyPath: { command: ["true"], env: { PATH: "" } },
    signalled: bash("kill -SEGV $$"),
    killsGroup: bash("echo the last line; kill 0"),
    waits: bash("sleep 0.1 & wait; wait; echo waited"),
    tooLong: bash("echo begun; sleep 100; echo never", { maxRunTime: 8 }),
    tooLongIgnoring: bash("trap '' TERM INT HUP; echo begun; while :; do sleep 1; done", { maxRunTime: 2 }),
    unknownKeys: bash("true", { maxruntime: 3, artefacts: [] }),
    unknownFeature: bash("true", { features: { dind: true } }),
    intermittent: bash("exit 9", { onExitStatus: { retry: [9] } }),
    killsReporter: bash("kill -9 $PPID; sleep 100"),
    stopsItself: bash("kill -STOP 0", { maxRunTime: 2 }),
    environment: bash("env"),
  },
  { "pass.sh": script, "lost.sh": "#!/bin/bash\r\necho never\r\n" },
);

describe("a task ends in the right resolution", { skip: needsRoot }, () => {
  const expected: readonly (readonly [Parameters<typeof story>[0], string, string, RegExp])[] = [
    ["linked", "a script by link that passes", "completed/completed", /^Task Duration/],
    ["linkedWithCommand", "a script by link with arguments", "completed/completed", /^Task Duration/],
    ["fails", "a script that fails with 3", "failed/failed", /^exit status 3$/],
    ["secondFails", "a second command that fails", "failed/failed", /^exit status 4$/],
    [
      "missing",
      "a missing executable, generic-worker's dialect",
      "failed/failed",
      /no-such-program is not in the PATH/,
    ],
    [
      "missingInOther",
      "a missing executable, taskcluster-worker's dialect",
      "exception/malformed-payload",
      /^task\.payload\.command could not be started: no-such-program/,
    ],
    ["notExecutable", "a file that is no program", "failed/failed", /\/etc\/passwd .*cannot be executed/],
    [
      "noInterpreter",
      "a script by link whose interpreter is missing",
      "exception/malformed-payload",
      /^task\.payload\.command could not be started: \.\/lost\.sh .*interpreter that is not there/,
    ],
    [
      "noInterpreterInOther",
      "such a script in generic-worker's dialect",
      "failed/failed",
      /^The command could not be started: \.\/f /,
    ],
    ["emptyPath", "a PATH with nothing in it", "exception/malformed-payload", /true is not in the PATH/],
    ["signalled", "a command that a signal ends", "failed/failed", /^exit status 139$/],
    ["killsGroup", "a script whose last line is `kill 0`", "failed/failed", /^exit status 143$/],
    ["waits", "a script that calls wait", "completed/completed", /^Task Duration/],
    ["tooLong", "maxRunTime exceeded", "failed/failed", /^task aborted - max run time exceeded$/],
    ["tooLongIgnoring", "maxRunTime exceeded and signals ignored", "failed/failed", /max run time exceeded$/],
    ["unknownKeys", "unknown payload keys", "exception/malformed-payload", /"maxruntime"; did you mean "maxRunTime"/],
    ["unknownFeature", "an unknown feature", "exception/malformed-payload", /dind/],
    ["intermittent", "an exit code that asks for another try", "exception/intermittent-task", /exit code 9/],
    ["killsReporter", "a task that kills the shell above it", "failed/failed", /^signal: SIGKILL$/],
    ["stopsItself", "a task that stops itself", "failed/failed", /max run time exceeded$/],
  ];
  for (const [name, what, resolution, verdict] of expected) {
    test(`${what}: ${resolution}`, async () => {
      const ended = await story(name);
      assert.equal(ended.resolution, resolution, ended.log);
      assert.match(ended.verdict, verdict);
    });
  }

  test("every task has a proof that nothing is left", async () => {
    for (const task of (await ran()).tasks) {
      assert.deepEqual(task.proof, { processes: 0, home: false, account: false, shared: 0 });
    }
  });

  test("every event says whose it is; claimed is a task's first and gone its last", async () => {
    for (const [index, { events }] of (await ran()).tasks.entries()) {
      assert.equal(events[0]?.event, "claimed");
      assert.equal(events.at(-1)?.event, "gone");
      assert.deepEqual([...new Set(events.map(({ n, taskId }) => `${n} ${taskId.length}`))], [`${index + 1} 22`]);
    }
  });

  test("the exit status is the worst of all tasks", async () => {
    assert.equal((await ran()).status, 2);
  });

  test("every task has a uid of its own", async () => {
    const withUser = (await ran()).tasks.filter(({ events }) => events.some(({ event }) => event === "user"));
    assert.equal(withUser.length, 19);
    assert.equal(new Set(withUser.map(({ user }) => user.uid)).size, withUser.length);
  });

  test("a payload that is refused never gets a user", async () => {
    const { events } = await story("unknownKeys");
    assert.deepEqual(
      events.filter(({ event }) => event === "user" || event === "started"),
      [],
    );
  });

  test("every error of a payload is named", async () => {
    const { log } = await story("unknownKeys");
    assert.match(log, /unknown property "maxruntime"/);
    assert.match(log, /unknown property "artefacts"; did you mean "artifacts"/);
  });

  test("a linked script runs in the home, as the task user, under its own name", async () => {
    const ended = await story("linked");
    const { user } = ended.user;
    assert.equal(`${ended.output()}`, `I am ${user} in /home/${user}/home\n\n`);
    assert.match(`${(await story("linkedWithCommand")).output()}`, /^an argument$/m);
  });

  test("commands after a failed one do not run", async () => {
    assert.doesNotMatch((await story("secondFails")).log, /Executing command 2/);
  });

  test("`wait` in a task returns, and its last line is in the log", async () => {
    assert.equal(`${(await story("waits")).output()}`, "waited\n");
    assert.equal(`${(await story("killsGroup")).output()}`, "the last line\n");
  });

  test("a task that exceeds maxRunTime is ended in time, and the log says so", async () => {
    const ended = await story("tooLong");
    const { log } = ended;
    assert.match(log, /longer than its maxRunTime of 8 s/);
    const wall = Number(/Command ABORTED after ([\d.]+)s/.exec(log)?.[1]);
    // The task's time begins before its command does, by as long as a start takes.
    assert.ok(wall > 1 && wall < 80, `${wall} s`);
    assert.equal(`${ended.output()}`, "begun\n");
  });

  test("the block of a command has the memory of the machine and of the task user", async () => {
    const { log } = await story("tooLong");
    assert.match(
      log,
      / {13}Total System Memory: [\d.]+ GiB\n.* {8}Peak Memory of Task User: [\d.]+ MiB\n.*Result: ABORTED/,
    );
  });

  test("the environment of a task is its own: nothing of the worker's, of node's, or of root's", async () => {
    const ended = await story("environment");
    const names = `${ended.output()}`.split("\n").flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
    assert.deepEqual(names.sort(), [
      ...["HOME", "LOGNAME", "PATH", "PWD", "RUN_ID", "SHELL", "SHLVL", "TASKCLUSTER_ROOT_URL", "TASK_GROUP_ID"],
      ...["TASK_ID", "TASK_WORKDIR", "TMPDIR", "USER", "_"],
    ]);
  });
});
