import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { judgeServices } from "../../../launchd/doctor/services.ts";
import { judgeTrial } from "../../../launchd/doctor/trial.ts";
import { told } from "./healthy.ts";
import { exited } from "./stand-in.ts";

suite("What is made of run-task's answer", () => {
  const user = "tcw-aaaaaaaa";

  test("the user's end, by the proof", () => {
    const ends = [false, "resting", true].map((account) => judgeTrial(exited(0, "", told({ account }))));
    assert.deepEqual(
      ends,
      [false, "resting", true].map((account) => ({ end: "gone", user, account, completed: true })),
    );
  });

  test("a task that failed, though its user is gone", () => {
    assert.deepEqual(judgeTrial(exited(1, "", told({}, "failed"))), {
      end: "gone",
      user,
      account: false,
      completed: false,
    });
  });

  test("that all slices are held", () => {
    assert.deepEqual(judgeTrial(exited(75, "taskcluster-worker: all 20 slices are held\n")), { end: "busy" });
  });

  test("the last thing it said where there is no proof, and whether the helper had answered before", () => {
    const said = "a step\ntaskcluster-worker: the helper is gone\n";
    assert.deepEqual(judgeTrial(exited(70, said)), {
      ...{ end: "failed", greeted: false, why: "run-task ended with 70: taskcluster-worker: the helper is gone" },
    });
    const begun = judgeTrial(
      exited(70, said, '{"event":"user","user":"tcw-aaaaaaaa"}\n{"event":"gone","proof":null}\nnot JSON\n'),
    );
    assert.equal(begun.end === "failed" && begun.greeted, true);
  });

  test("that it did not end", () => {
    const ended = judgeTrial({ end: "timed-out", why: "did not end in 180 s" });
    assert.deepEqual(ended, { end: "failed", greeted: false, why: "run-task did not end in 180 s" });
  });
});

suite("What is made of check-service's answer", () => {
  test("the sentence about the settings, with the names of those that are missing", () => {
    const lines = [
      "taskcluster-worker: the worker is not configured; these settings are missing:",
      "  rootURL          in a file for --config, or TASKCLUSTER_ROOT_URL in the environment",
      "  clientId         in a file for --config",
      "for a session on this machine alone …",
    ];
    assert.deepEqual(judgeServices(exited(78, `${lines.join("\n")}\n`)), {
      end: "not-configured",
      why: "the worker is not configured; these settings are missing: rootURL, clientId",
    });
  });

  test("a sentence that has nothing below it as it is", () => {
    const asked = judgeServices(exited(78, "taskcluster-worker: capacity must be a number\n"));
    assert.deepEqual(asked, { end: "not-configured", why: "capacity must be a number" });
  });

  test("a failure, for whatever is no report", () => {
    for (const stdout of ["", "[]", "{}", '{"rootURL": 1}', "null"]) {
      assert.equal(judgeServices(exited(0, "", stdout)).end, "failed", stdout);
    }
    const killed = judgeServices({ end: "killed", why: "was ended by SIGKILL" });
    assert.deepEqual(killed, { end: "failed", why: "check-service was ended by SIGKILL" });
  });
});
