import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createLogger, logTo } from "../agent/logger.ts";
import { fill, tinyDisk } from "./artifacts/tiny-disk.ts";
import { needsRoot } from "./root.ts";

/** A log on a disk that has no room until `empty` is called. */
async function full(t: TestContext) {
  const disk = await tinyDisk(t, "4m");
  const path = join(disk, "agent.log");
  const descriptor = openSync(path, "a");
  t.after(() => closeSync(descriptor));
  const logger = createLogger({ stream: logTo(descriptor) });
  logger.info("before");
  await turn();
  const empty = fill(disk);
  const said = () =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => String(JSON.parse(line).msg));
  return { logger, empty, said };
}

describe("the agent's log on a full disk", { skip: needsRoot }, () => {
  it("is continued without a gap when there is room again", async (t) => {
    const { logger, empty, said } = await full(t);
    const lines = Array.from({ length: 200 }, (_, n) => `line ${n} ${"x".repeat(100)}`);
    for (const line of lines) logger.info(line);
    await turn();
    empty();
    logger.info("after");
    assert.deepEqual(said(), ["before", ...lines, "after"]);
  });

  it("says how many lines are missing when there were too many to hold", async (t) => {
    const { logger, empty, said } = await full(t);
    const line = "x".repeat(10_000);
    for (let n = 0; n < 200; n++) logger.info(line);
    empty();
    logger.info("that still finds no place");
    await turn();
    logger.info("after");
    const [gap = "", last] = said().slice(-2);
    const missing = Number(/^(\d+) lines of this log are lost: it could not be written for too long\.$/.exec(gap)?.[1]);
    assert.equal(last, "after");
    assert.equal(said().filter((each) => each === line || each.startsWith("that")).length + missing, 201);
    assert.ok(missing > 50 && missing < 150, gap);
  });
});
