import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger } from "../agent/logger.ts";

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  write(createLogger({ level: "info", stream: { write: (line) => void lines.push(line) } }));
  return lines;
}

describe("the agent's log", () => {
  it("has one JSON line for an event, with level, time and msg first", () => {
    const [line = ""] = logged((logger) => logger.info({ taskId: "a" }, "hello"));
    assert.match(line, /^\{"level":"info","time":"\d{4}-\d\d-\d\dT[\d:.]+Z","taskId":"a","msg":"hello"\}\n$/);
  });
  it("leaves out what is below its level", () => {
    assert.deepEqual(
      logged((logger) => logger.debug("x")),
      [],
    );
  });
  it("never shows a secret", () => {
    const [line = ""] = logged((logger) =>
      logger.info({ accessToken: "hidden", claim: { credentials: { accessToken: "hidden" }, putUrl: "hidden" } }, "x"),
    );
    assert(!line.includes("hidden"));
  });
});
