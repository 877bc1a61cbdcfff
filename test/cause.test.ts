import assert from "node:assert/strict";
import { test } from "node:test";
import { causeOf } from "../agent/cause.ts";
import { EngineError, ResourceError } from "../agent/engine/engine.ts";
import { HelperRefusedError } from "../agent/engine/helper-client.ts";
import { createLogger } from "../agent/logger.ts";

const kindOf = (error: unknown) => causeOf(error, "here", createLogger({ level: "silent" })).kind;

test("a file or log that no storage takes is a failure of the task, not of the worker", () => {
  assert.equal(kindOf(new ResourceError("too-large-file-on-worker", "The file is too large")), "plugin-failed");
});

test("a helper that can make no task user now ends a run in the way that the queue tries again", () => {
  for (const code of ["no-free-user", "graphics-full", "create-failed", "journal-unwritable"] as const) {
    assert.equal(kindOf(new HelperRefusedError(code, "no")), "worker-shutdown", code);
  }
});

test("other refusals of the helper are failures of the worker", () => {
  for (const code of ["kill-failed", "spawn-failed", "ticket-limit"] as const) {
    assert.equal(kindOf(new HelperRefusedError(code, "no")), "internal-error", code);
  }
  assert.equal(kindOf(new EngineError("place-failed", "no")), "internal-error");
});

test("a full disk of the worker is what the task is told, without an incident", () => {
  for (const code of ["ENOSPC", "EDQUOT"]) {
    const cause = causeOf(Object.assign(new Error("write"), { code }), "log", createLogger({ level: "silent" }));
    assert.deepEqual(cause, { kind: "resource-unavailable", message: "The disk of the worker is full." });
  }
});
