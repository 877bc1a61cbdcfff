import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginControl } from "../../agent/cli/worker-control.ts";
import { Fixture } from "../worker/fixture.ts";

test("a plugin that ends the worker gracefully leaves it a good end, with the reason", async (t) => {
  const { worker } = await Fixture.start(t);
  const control = new PluginControl();
  const ended = control.run(worker);
  control.stopGracefully("it was time");
  assert.equal(await ended, "stopped");
});

test("a worker that a plugin had to end has failed, also when it ends", async (t) => {
  const { worker } = await Fixture.start(t);
  const control = new PluginControl();
  const ended = control.run(worker);
  control.stopNow("nothing happened");
  await assert.rejects(ended, { message: "the worker was ended: nothing happened" });
});

test("a worker that does not end is given up", async (t) => {
  const { worker } = await Fixture.start(t);
  t.mock.method(worker, "run", () => new Promise(() => {}));
  const control = new PluginControl(10);
  const ended = control.run(worker);
  control.stopNow("nothing happened");
  await assert.rejects(ended, { message: "the worker was ended: nothing happened" });
});
