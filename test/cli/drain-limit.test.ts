import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { drainLimitSecs, limitDrain } from "../../agent/cli/drain-limit.ts";
import { Stopping } from "../../agent/cli/stopping.ts";
import { defaultConfig } from "../../agent/config.ts";
import { createLogger } from "../../agent/logger.ts";
import { stopSeconds } from "../../launchd/plists.ts";

const lines: string[] = [];
const logger = createLogger({ stream: { write: (line) => void lines.push(line) } });
const drain = { end: "terminated", finishTasks: true } as const;

suite("a drain", { timeout: 30_000 }, () => {
  test("that takes too long ends the tasks, and the worker as it would have ended", async () => {
    const stopping = new Stopping();
    const config = { ...defaultConfig, drainLimitSecs: 1 };
    limitDrain(stopping, config, logger);
    stopping.ask({ ...drain, end: "worker-manager" });
    assert.equal(stopping.now.aborted, false);
    await new Promise((resolve) => stopping.now.addEventListener("abort", resolve));
    assert.deepEqual(stopping.wish, { end: "worker-manager", finishTasks: false });
    assert.match(lines.join(), /they were not done 1 s after the worker was told to drain\./);
  });

  test("that is over is watched no longer, nor one that has not begun", () => {
    const stopping = new Stopping();
    const unwatch = limitDrain(stopping, defaultConfig, logger);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    stopping.ask(drain);
    assert.equal(timers(), before + 1);
    unwatch();
    assert.equal(timers(), before);
    const other = new Stopping();
    limitDrain(other, defaultConfig, logger)();
    other.ask(drain);
    assert.equal(timers(), before);
  });

  test("may last as long as the longest task, and ends before launchd ends the worker", () => {
    const { maxTaskRunTime } = defaultConfig;
    const limit = drainLimitSecs(defaultConfig);
    assert.ok(limit > maxTaskRunTime);
    // A minute for the log, and three for the end of a task user.
    assert.ok(stopSeconds({ maxRunTimeSeconds: maxTaskRunTime }) - limit >= 240);
    assert.equal(drainLimitSecs({ ...defaultConfig, drainLimitSecs: 60 }), 60);
  });
});
