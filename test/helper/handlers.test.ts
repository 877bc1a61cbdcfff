import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { suite, type TestContext, test } from "node:test";
import { newId } from "../../helper/accounts.ts";
import { Session } from "../../helper/session.ts";
import { table } from "../../helper/table.ts";
import type { ProcessId, UserId } from "../../shared/protocol/messages.ts";
import type { TaskUser } from "../../shared/protocol/root-types.ts";
import { needsRoot } from "../root.ts";
import { holding } from "./holding.ts";

const id = newId<UserId>();
const user: TaskUser = { id, name: "tcw-aaaaaaaa", uid: 5499, guid: "", groupGuid: "", state: "ready" };
const request = { id: 1, user: id, argv: ["true"], env: {} };

/** A session with that user, which nobody has made. */
function sessionOf(t: TestContext): Session {
  const session = new Session(holding(t), new Socket());
  t.mock.method(session, "user", () => user);
  return session;
}

suite("A request", { skip: needsRoot }, () => {
  for (const name of ["createUser", "spawn"] as const) {
    test(`to ${name} is refused before anything is done when the audit log does not take it`, async (t) => {
      const session = sessionOf(t);
      t.mock.method(session.helper.audit, "note", () => false);
      const ask = async (): Promise<unknown> =>
        name === "spawn" ? table.spawn.handler(session, request) : table.createUser.handler(session, { id: 1 });
      await assert.rejects(ask, { code: "journal-unwritable" });
      assert.deepEqual([session.processes.size, session.helper.journal.users.size], [0, 0]);
    });
  }

  test("to spawn is refused to a connection that has 256 processes", (t) => {
    const session = sessionOf(t);
    const child = spawn("/bin/true");
    for (let count = 1; count <= 256; count += 1) session.processes.set(newId<ProcessId>(), child);
    assert.throws(() => table.spawn.handler(session, request), { code: "spawn-failed" });
    assert.equal(session.processes.size, 256);
  });

  test("to signal a process group that the system does not have any more is no error, and delivers nothing", (t) => {
    const session = sessionOf(t);
    // It leads no group: as on a Mac, where none is left of one whose last process has ended.
    const child = spawn("/bin/sleep", ["300"], { stdio: "ignore" });
    t.after(() => child.kill("SIGKILL"));
    const process = newId<ProcessId>();
    session.processes.set(process, child);
    assert.deepEqual(table.signal.handler(session, { id: 1, process, signal: "SIGTERM" }), { delivered: false });
    assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
  });
});
