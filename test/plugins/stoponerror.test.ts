import assert from "node:assert/strict";
import { test } from "node:test";
import { stopOnErrorPlugin } from "../../agent/plugins/stoponerror.ts";
import { controlled } from "./controlled.ts";

test("a failure of the worker ends it gracefully where that is asked for, and nowhere else", () => {
  const [on, off] = [controlled(), controlled()];
  stopOnErrorPlugin(true, on).workerFailed?.();
  stopOnErrorPlugin(false, off).workerFailed?.();
  assert.deepEqual(on.done, ["gracefully: something of the worker failed, and plugins.stoponerror is set"]);
  assert.deepEqual(off.done, []);
});
