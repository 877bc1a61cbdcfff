import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { levelOf, levelsInWords, loggingLevels } from "../../agent/cli/logging-levels.ts";

suite("the logging levels", () => {
  test("are the same in the help, for completion and where one is refused", () => {
    for (const name of ["work", "run"]) {
      const grammar = commands[name]?.grammar;
      assert.equal(grammar?.options["logging-level"]?.help, levelsInWords);
      assert.deepEqual(grammar.choices?.["LEVEL"], loggingLevels);
    }
    assert.equal(levelsInWords, "debug, info (the default), warn, error or fatal");
    const refusal = '"verbose" is no logging level; the levels are debug, info (the default), warn, error or fatal';
    assert.throws(() => levelOf("verbose"), { status: 64, message: refusal });
  });

  test("have taskcluster-worker's names too, in letters of any size", () => {
    assert.deepEqual(["WARNING", "panic", "Info"].map(levelOf), ["warn", "fatal", "info"]);
  });

  test("are no properties that every object has", () => {
    assert.throws(() => levelOf("constructor"), { status: 64 });
  });
});
