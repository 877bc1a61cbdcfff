import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { suite, test } from "node:test";
import { newId } from "../../helper/accounts.ts";
import { Session } from "../../helper/session.ts";
import { table } from "../../helper/table.ts";
import type { ProcessId } from "../../shared/protocol/messages.ts";
import { needsRoot } from "../root.ts";
import { holding } from "./holding.ts";

suite("A signal", { skip: needsRoot }, () => {
  test("for a process group that the system does not have any more is not delivered, and no error", (t) => {
    const session = new Session(holding(t), new Socket());
    // It leads no group: as on a Mac, where none is left of one whose last process has ended.
    const child = spawn("/bin/sleep", ["300"], { stdio: "ignore" });
    t.after(() => child.kill("SIGKILL"));
    const process = newId<ProcessId>();
    session.processes.set(process, child);
    assert.deepEqual(table.signal.handler(session, { id: 1, process, signal: "SIGTERM" }), { delivered: false });
    assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
  });
});
