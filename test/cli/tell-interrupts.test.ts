import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StarterGone, whenAborted } from "../../agent/cli/interrupts.ts";
import { Stopping } from "../../agent/cli/stopping.ts";
import { tellInterrupts } from "../../agent/cli/tell-interrupts.ts";
import { createLogger } from "../../agent/logger.ts";

const finished = "the tasks under way are finished, and no more are claimed.";
const ended = "the tasks under way are ended and given back to the queue.";

/** What is logged of two signals, of which each lets the tasks finish or not. */
function said(stopFinishes: boolean, drainFinishes: boolean, first: "stop" | "drain", reasons: readonly Error[]) {
  const lines: string[] = [];
  const logger = createLogger({ stream: { write: (line) => void lines.push(String(JSON.parse(line).msg)) } });
  const [stop, drain] = [new AbortController(), new AbortController()];
  const stopping = new Stopping();
  whenAborted(stop.signal, () => stopping.ask({ end: "interrupted", finishTasks: stopFinishes }));
  whenAborted(drain.signal, () => stopping.ask({ end: "terminated", finishTasks: drainFinishes }));
  tellInterrupts({ stop: stop.signal, drain: drain.signal }, stopping, logger);
  const both = first === "stop" ? [stop, drain] : [drain, stop];
  for (const [n, reason] of reasons.entries()) both[n]?.abort(reason);
  return lines.map((line) => line.replace("The worker is told to end by ", ""));
}

const [int, term, again] = [new Error("SIGINT"), new Error("SIGTERM"), new Error("a second SIGTERM")];

describe("what a worker logs of a signal", () => {
  test("is for `work` that its tasks are finished, and ended when it is told again", () => {
    assert.deepEqual(said(false, true, "drain", [term, again]), [`SIGTERM: ${finished}`, `a second SIGTERM: ${ended}`]);
  });

  test("is for `run` that they are ended, whatever follows", () => {
    assert.deepEqual(said(true, false, "drain", [term, again]), [`SIGTERM: ${ended}`, `a second SIGTERM: ${ended}`]);
  });

  test("is for `work` that they are ended although the second signal would let them finish", () => {
    assert.deepEqual(said(false, true, "stop", [int, term]), [`SIGINT: ${ended}`, `SIGTERM: ${ended}`]);
  });

  test("is of a starter that is gone that the helper ends them", () => {
    const gone = "The starter is gone, and its helper ends with it: ";
    assert.deepEqual(said(false, true, "drain", [new StarterGone()]), [`${gone}${ended}`]);
  });
});
