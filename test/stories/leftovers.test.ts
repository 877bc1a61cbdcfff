import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { bash, runOnce } from "./run-task.ts";

const quiet = ">/dev/null 2>&1 </dev/null";
const { ran, story } = runOnce({
  writer: bash(
    `( (exec perl -e '$SIG{$_} = "IGNORE" for qw(TERM HUP INT QUIT); $| = 1; while (1) { print "noise\n"; select undef, undef, undef, 0.05 }') & ); echo the end`,
  ),
  loudWriter: bash("(setsid bash -c 'trap \"\" TERM HUP INT; while :; do echo noise; done' &); echo the end"),
  silent: bash(`setsid sleep 1000 ${quiet} & setsid sleep 1000 ${quiet} & echo the end`),
  holder: bash("setsid sleep 1000 & echo the end"),
  afterFailure: bash(`setsid sleep 1000 ${quiet} & exit 3`),
  none: bash("sleep 0.1"),
  stopped: bash(`sleep 1000 ${quiet} & kill -STOP $!; echo the end`),
  sharedFiles: bash(
    "for place in /tmp /var/tmp /dev/shm; do mkdir $place/left-$USER; echo x >$place/left-$USER/file; done",
  ),
  sharedMemory: bash("ipcmk -M 4096; ipcmk -Q; ipcmk -S 1"),
  lockedHome: bash("mkdir -p a/b/c; touch a/b/c/file; chmod 0 a/b/c a/b a; chmod 0555 ."),
  lockedShared: bash(
    "mkdir -p /tmp/left-$USER/a; touch /tmp/left-$USER/a/file; chmod 0 /tmp/left-$USER/a /tmp/left-$USER",
  ),
  oddNames: bash(
    "cd \"$(mktemp -d /tmp/left-XXXXXX)\"; touch -- $'new\\nline' '-rf' '*' ' ' \"$HOME/-rf\" \"$HOME/\"$'a\\nb'",
  ),
  deep: bash("for ((i = 0; i < 1000; i++)); do mkdir d && cd d; done; echo deep"),
  manyFiles: bash("mkdir many; cd many; seq 1 20000 | xargs touch"),
  crontab: bash("! type -P crontab || echo '* * * * * true' | crontab -"),
});

describe("what a task leaves behind is ended and removed", { skip: needsRoot }, () => {
  test("every task has a proof that nothing is left", async () => {
    for (const task of (await ran()).tasks) {
      assert.deepEqual(task.proof, { processes: 0, home: false, account: false, shared: 0 }, `task of ${task.log}`);
    }
  });

  test("leftovers do not change the result", async () => {
    const { tasks, status } = await ran();
    const failed = tasks.filter(({ resolution }) => resolution !== "completed/completed");
    assert.deepEqual(failed, [await story("afterFailure")]);
    assert.equal(status, 1);
  });

  const counted: readonly (readonly [Parameters<typeof story>[0], string, number])[] = [
    ["writer", "a process that has forked twice, ignores TERM and keeps writing", 1],
    ["loudWriter", "a daemon that writes without end", 1],
    ["silent", "two silent daemons", 2],
    ["holder", "a daemon that holds the output open", 1],
    ["afterFailure", "a daemon of a command that failed", 1],
    ["stopped", "a stopped process", 1],
  ];
  for (const [name, what, count] of counted) {
    test(`${what}: killed, and counted in the log`, async () => {
      const line = count === 1 ? "1 process outlived" : `${count} processes outlived`;
      assert.match((await story(name)).log, new RegExp(`\\] ${line} the last command and w(as|ere) killed\n`));
    });
  }

  test("without leftovers the log says nothing of them", async () => {
    assert.doesNotMatch((await story("none")).log, /outlived/);
  });

  test("what the command wrote is in the log, whatever a leftover writes", async () => {
    assert.match(`${(await story("loudWriter")).output()}`, /^the end$/m);
    assert.equal(`${(await story("holder")).output()}`, "the end\n");
  });
});
