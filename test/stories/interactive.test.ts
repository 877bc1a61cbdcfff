import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { LazyShellServer } from "../../agent/http/lazy-shell-server.ts";
import { useRealEngine } from "../engine/real-engine.ts";
import { Person } from "../interactive/person.ts";
import { until } from "../interactive/until.ts";
import { needsRoot } from "../root.ts";
import { Fixture, type Payload } from "../worker/fixture.ts";

const MiB = 1024 * 1024;
const page = "private/generic-worker/shell.html";
const sockets = "private/interactive/sockets.json";
const untilGo = "while [ ! -e go ]; do sleep 0.05; done; echo gone";
const generic = { command: [["/bin/sh", "-c", untilGo]], maxRunTime: 60, features: { interactive: true } };
const classic = (interactive: object = {}, maxRunTime = 60): Payload => ({
  ...{ command: ["/bin/sh", "-c", untilGo], interactive: { disableDisplay: true, ...interactive }, maxRunTime },
});

/** Command lines of all processes of a user. */
function processesOf(uid: number): string[] {
  const lines = execFileSync("/bin/ps", ["-axwwo", "uid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.trim().startsWith(`${uid} `) && !/^\s*\d+\s+Z/.test(line));
}

describe("an interactive shell", { skip: needsRoot }, () => {
  const real = useRealEngine({ maxUsers: 6 });

  async function worker(t: Parameters<typeof Fixture.start>[0]): Promise<Fixture> {
    const shells = new LazyShellServer({ publicIP: "", interactivePort: 0 });
    t.after(() => shells.close());
    const fixture = await Fixture.start(t, {
      engine: real.current().engine,
      plugins: { shells },
      config: { capacity: 4 },
    });
    void fixture.run();
    return fixture;
  }

  async function addressOf(fixture: Fixture, taskId: string): Promise<string> {
    await fixture.event("started", taskId);
    return fixture.queue.artifacts(taskId, 0).find(({ name }) => name === page)?.url ?? "";
  }

  async function socketOf(fixture: Fixture, taskId: string): Promise<string> {
    await fixture.event("started", taskId);
    const stored = fixture.queue.artifacts(taskId, 0).find(({ name }) => name === sockets)?.blob?.path ?? "";
    return JSON.parse(await readFile(stored, "utf8")).shellSocketUrl;
  }

  test("is the task user's, in its home, with its variables and a terminal of its own", async (t) => {
    const fixture = await worker(t);
    const taskId = await fixture.createTask(generic);
    const url = await addressOf(fixture, taskId);
    const { uid } = await fixture.event("user", taskId);

    const person = await Person.at(url);
    const facts = await person.ask('echo "<$(id -u) $TASK_ID $TERM $SHELL $PWD>"', /<(\d+) (\S+) (\S+) (\S+) (\S+)>/);
    assert.deepEqual(facts.slice(1, 5), [String(uid), taskId, "xterm-256color", "/bin/bash"]);
    assert.match(facts[5] ?? "", /\/home$/);
    assert.match((await person.ask("tty", /[\n\r](\/dev\/\S+)/))[1] ?? "", /^\/dev\/(pts\/\d+|tty\w+)$/);
    assert.match((await person.ask("stty size", /[\n\r](\d+ \d+)\r/))[1] ?? "", /^24 80$/);

    person.resize(300, 50);
    person.resize(132, 43);
    await person.ask("until [ \"$(stty size)\" = '43 132' ]; do :; done; echo resi''zed", /resized/);

    await person.ask("sleep 100 & jobs", /Running +sleep 100/);
    await person.ask("kill %1; wait; echo wai''ted", /waited/);

    person.type("sleep 4711\n");
    await until("the program", () => processesOf(uid).some((line) => line.endsWith("sleep 4711")));
    person.type("\x03");
    await person.ask('echo "<after $?>"', /<after 130>/);

    const other = await Person.at(url);
    await other.ask("echo from-the-other >shared; echo wri''tten", /written/);
    await person.ask("cat shared", /[\n\r]from-the-other/);

    person.type("exit 7\n");
    assert.equal(await person.closed, "exit 7");

    other.type("sleep 4712\n");
    await until("the program", () => processesOf(uid).some((line) => line.endsWith("sleep 4712")));
    other.socket.terminate();
    await until("its end", () => processesOf(uid).every((line) => !/sleep 4712|bin\/script/.test(line)));

    const last = await Person.at(url);
    last.type("touch go; sleep 4713\n");
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert.equal(await last.closed, "ended by the worker");
    await assert.rejects(Person.at(url), /401/);
    const log = await fixture.log(taskId);
    assert.match(log, /Interactive shell 1 is used from 127\.0\.0\.1\n/);
    assert.match(log, /Interactive shell 1 has ended: exit 7\n/);
    assert.match(log, /Interactive shell 3 has ended: ended by the worker\n/);
  });

  test("is bounded when its client or its program does not stop, and others go on", async (t) => {
    const fixture = await worker(t);
    const taskId = await fixture.createTask(generic);
    const url = await addressOf(fixture, taskId);
    const before = process.memoryUsage().rss;

    const deaf = await Person.at(url);
    await deaf.ask("echo rea''dy", /ready/);
    deaf.socket.pause();
    deaf.type("yes\n");

    const flooder = await Person.at(url);
    await flooder.ask("stty raw -echo; echo rea''dy; sleep 1000", /ready/);
    const piece = Buffer.alloc(64 * 1024, 1);
    let sent = 0;
    await until("the flooder is held up", () => {
      while (flooder.socket.bufferedAmount < MiB && sent < 64 * MiB) {
        flooder.socket.send(piece);
        sent += piece.length;
      }
      return flooder.socket.bufferedAmount >= MiB;
    });

    const person = await Person.at(url);
    await person.ask("echo sti''ll here", /still here/);
    const grown = process.memoryUsage().rss - before;
    assert(sent < 32 * MiB, `${sent} bytes were taken`);
    assert(grown < 100 * MiB, `${grown} bytes of memory were used`);
    person.type("touch go\n");
    assert.equal((await fixture.resolved(taskId)).state, "completed");
  });

  test("of taskcluster-worker's dialect runs what it is told to, and holds the task", async (t) => {
    const fixture = await worker(t);
    const taskId = await fixture.createTask(classic());
    const url = await socketOf(fixture, taskId);

    const cat = await Person.at(`${url}?command=sh&command=-c&command=cat%3Becho%20err%20%3E%262%3Bexit%203&tty=false`);
    cat.type("through");
    cat.endInput();
    assert.equal(await cat.closed, "exit 3");
    assert.deepEqual([cat.text, cat.exit], ["througherr\n", 1]);

    const person = await Person.at(`${url}?tty=true`);
    await person.ask("touch go; tty", /\/dev\//);
    const log = () => fixture.events.find((each) => each.event === "claimed" && each.taskId === taskId);
    await until("the task waits", () => {
      const claimed = log();
      return claimed?.event === "claimed" && execFileSync("cat", [claimed.log.path]).includes("a shell is still open");
    });
    await assert.rejects(Person.at(url), /410/);
    await person.ask("echo sti''ll here", /still here/);
    person.type("exit\n");
    assert.equal((await fixture.resolved(taskId)).state, "completed");
    assert.equal(person.exit, 0);
  });

  test("holds a task no longer than its maxRunTime, nor when it is canceled", async (t) => {
    const fixture = await worker(t);
    const [late, canceled] = [await fixture.createTask(classic({}, 3)), await fixture.createTask(classic())];
    const people = await Promise.all(
      [late, canceled].map(async (taskId) => Person.at(`${await socketOf(fixture, taskId)}?tty=true`)),
    );
    for (const person of people) await person.ask("touch go; echo wai''ting", /waiting/);
    await fixture.cancel(canceled);
    assert.equal((await fixture.resolved(late)).state, "failed");
    for (const person of people) assert.match(await person.closed, /^(signal SIGKILL|ended by the worker)$/);
    assert.match(await fixture.log(late), /maxRunTime of 3 s/);
  });
});
