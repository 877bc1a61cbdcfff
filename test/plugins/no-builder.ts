/** For plugins that look at the payload when the sandbox is built, and leave the builder alone. */
import assert from "node:assert/strict";
import type { SandboxBuilder } from "../../agent/engine/engine.ts";

const untouched = () => assert.fail("this plugin must leave the sandbox builder alone");

export const noBuilder: SandboxBuilder = {
  user: { name: "task_x", uid: 5500, home: "/Users/task_x/home" },
  setEnvironmentVariable: untouched,
  placeFile: untouched,
  unpack: untouched,
  startSandbox: untouched,
  dispose: untouched,
};
