import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkArtifact,
  checkClaims,
  checkFailure,
  checkFinished,
  checkReclaim,
  checkReported,
  checkRuns,
  checkUpload,
} from "../../agent/queue/check.ts";
import { AnswerError } from "../../agent/queue/fields.ts";

const claim = {
  status: { taskId: "fN1SbArXTPSVFNUvaOlinQ", runs: [] },
  runId: 0,
  workerGroup: "g",
  workerId: "w",
  takenUntil: new Date(Date.now() + 1_200_000).toISOString(),
  credentials: { clientId: "c", accessToken: "t", certificate: "{}" },
  task: {
    taskGroupId: "fN1SbArXTPSVFNUvaOlinQ",
    dependencies: [],
    scopes: ["a:b"],
    created: "2030-01-01T00:00:00Z",
    deadline: "2030-01-02T00:00:00.000Z",
    expires: "2030-01-03T00:00:00.000Z",
    payload: { command: [["true"]] },
    metadata: { name: "n", owner: "o", source: "s" },
    extra: { kept: true },
  },
};

const claims = (tasks: unknown) => {
  const refused: string[] = [];
  const runs: unknown[] = [];
  const good = checkClaims({ tasks }, ({ message }, run) => {
    refused.push(message);
    runs.push(run?.taskId);
  });
  return { good, refused, runs };
};

describe("checkClaims", () => {
  it("takes what the queue sends, with its dates in one form", () => {
    const { good, refused } = claims([claim]);
    assert.deepEqual(refused, []);
    assert.equal(good[0]?.taskId, "fN1SbArXTPSVFNUvaOlinQ");
    assert.equal(good[0]?.takenUntil.toISOString(), claim.takenUntil);
    assert.equal(good[0]?.task.created, "2030-01-01T00:00:00.000Z");
    assert.deepEqual(good[0]?.task.whole["extra"], { kept: true });
  });
  it("reckons the end of a claim by this machine's clock, however wrong that is", () => {
    for (const wrongMs of [-600_000, 0, 600_000]) {
      const queueNow = Date.now() - wrongMs;
      const at = (ms: number) => new Date(queueNow + ms).toISOString();
      const runs = [{ runId: 0, state: "running", started: at(0), takenUntil: at(1_200_000) }];
      const { good } = claims([{ ...claim, status: { ...claim.status, runs }, takenUntil: at(1_200_000) }]);
      const lasts = (good[0]?.takenUntil.getTime() ?? 0) - Date.now();
      assert(Math.abs(lasts - 1_200_000) < 5_000, String(lasts));
      assert.equal(good[0]?.claimMs, 1_200_000);
      assert(Math.abs((good[0]?.clockAheadMs ?? 0) - wrongMs) < 5_000);
    }
  });
  it("does not reckon with a start that no clock can be wrong by", () => {
    for (const started of ["-271821-04-20T00:00:00.000Z", "2001-01-01T00:00:00.000Z", "+275760-09-13T00:00:00.000Z"]) {
      const takenUntil = new Date(Date.now() + 1_200_000).toISOString();
      const runs = [{ runId: 0, state: "running", started, takenUntil }];
      const { good } = claims([{ ...claim, status: { ...claim.status, runs }, takenUntil }]);
      assert.equal(good[0]?.takenUntil.toISOString(), takenUntil);
      assert.equal(good[0]?.clockAheadMs, 0);
      assert(Math.abs((good[0]?.claimMs ?? 0) - 1_200_000) < 5_000);
    }
  });
  it("lets one claim that it cannot use not spoil the others", () => {
    const { good, refused } = claims([{ ...claim, runId: "0" }, claim]);
    assert.equal(good.length, 1);
    assert.deepEqual(refused, ["The service's answer is not usable: runId is no run number."]);
  });
  it("refuses a certificate that is no JSON, which no call could be signed with", () => {
    const credentials = { ...claim.credentials, certificate: "no JSON" };
    const { good, refused, runs } = claims([{ ...claim, credentials }]);
    assert.deepEqual(good, []);
    assert.deepEqual(refused, ["The service's answer is not usable: certificate is no object."]);
    assert.deepEqual(runs, [undefined]);
  });
  it("says whose task it is that cannot be understood, so that the queue can be told", () => {
    const { good, runs } = claims([{ ...claim, task: { ...claim.task, payload: 7 } }]);
    assert.deepEqual(good, []);
    assert.deepEqual(runs, ["fN1SbArXTPSVFNUvaOlinQ"]);
  });
  it("refuses a task id that is none, since directories are named after it", () => {
    const { good, refused } = claims([{ ...claim, status: { taskId: "../../etc" } }]);
    assert.equal(good.length, 0);
    assert.equal(refused.length, 1);
  });
  for (const runId of [-1, 0.5, 1e300, "0"]) {
    it(`refuses ${JSON.stringify(runId)} as a run, which is part of names and addresses`, () => {
      assert.deepEqual(claims([{ ...claim, runId }]).refused, [
        "The service's answer is not usable: runId is no run number.",
      ]);
    });
  }
  for (const [name, value] of [
    ["clientId", "a\nb"],
    ["clientId", ""],
    ["clientId", 'a", hash="b'],
    ["accessToken", ""],
    ["accessToken", "t\r\nx: y"],
  ] as const) {
    it(`refuses ${JSON.stringify(value)} as ${name}, which would break every header or sign nothing`, () => {
      const { refused, runs } = claims([{ ...claim, credentials: { ...claim.credentials, [name]: value } }]);
      assert.deepEqual(refused, [
        `The service's answer is not usable: ${name} is empty or has characters that it cannot have.`,
      ]);
      assert.deepEqual(runs, [undefined]);
    });
  }
  it("refuses a claim that is over before it begins, which could never be renewed", () => {
    for (const startMs of [0, -3_600_000]) {
      const started = new Date(Date.now() + startMs).toISOString();
      const status = { ...claim.status, runs: [{ runId: 0, started }] };
      const { refused } = claims([{ ...claim, status, takenUntil: started }]);
      const sentence = "takenUntil is not after the start of the claim";
      assert.deepEqual(refused, [`The service's answer is not usable: ${sentence}.`]);
    }
  });
  it("lets a claim be renewed whose start nobody knows, though it seems to be over", () => {
    const takenUntil = new Date(Date.now() - 1_000).toISOString();
    assert.equal(claims([{ ...claim, takenUntil }]).good[0]?.claimMs, 86_400_000);
  });
  it("believes no claim for longer than a day, since reports are tried for as long as it lasts", () => {
    const [good] = claims([{ ...claim, takenUntil: "9999-12-31T23:59:59.000Z" }]).good;
    assert.equal(good?.claimMs, 86_400_000);
    assert(Math.abs((good?.takenUntil.getTime() ?? 0) - Date.now() - 86_400_000) < 5_000);
  });
  it("refuses an answer without a list of tasks", () => {
    assert.throws(() => claims(undefined), AnswerError);
  });
});

describe("checkReclaim, checkArtifact and checkRuns", () => {
  it("read what is needed of the answers", () => {
    assert.equal(checkReclaim(claim).credentials.accessToken, "t");
    assert.deepEqual(checkArtifact({ storageType: "s3", putUrl: "http://x" }), { putUrl: "http://x" });
    assert.deepEqual(checkArtifact({ storageType: "link" }), {});
    const runs = [{ runId: 0, state: "exception", reasonResolved: "canceled", scheduled: "x" }];
    assert.deepEqual(checkRuns({ status: { runs } }), [{ runId: 0, state: "exception", reasonResolved: "canceled" }]);
  });
  it("refuse a date that is none", () => {
    assert.throws(() => checkReclaim({ ...claim, takenUntil: "soon" }), AnswerError);
  });
});

describe("the answers to reports and uploads", () => {
  it("are none when a captive portal gives them", () => {
    for (const portal of [undefined, "<p>", {}]) assert.throws(() => checkReported(portal), AnswerError);
    checkReported({ status: { taskId: "x" } });
    assert.throws(() => checkFinished(undefined), AnswerError);
  });
  it("say how an object is to be stored", () => {
    const putUrl = { url: "http://x", expires: "2030-01-01T00:00:00Z", headers: { "Content-Type": "a/b" } };
    assert.deepEqual(checkUpload({ uploadMethod: { putUrl } }), {
      url: "http://x",
      headers: { "Content-Type": "a/b" },
    });
    assert.equal(checkUpload({ uploadMethod: { dataInline: true } }), "stored");
    assert.equal(checkUpload({ uploadMethod: {} }), "none");
  });
});

describe("checkFailure", () => {
  it("keeps status and code and drops the footer of the message", () => {
    const error = Object.assign(new Error("No such task\n\n---\n\n* method: status"), { statusCode: 404, code: "X" });
    assert.deepEqual(checkFailure(error), { status: 404, code: "X", message: "No such task" });
  });
  it("has no status when no answer came", () => {
    const error = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    assert.deepEqual(checkFailure(error), { status: null, code: "ECONNREFUSED", message: "refused" });
  });
});
