import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseArguments } from "../../agent/cli/arguments.ts";
import { CommandError } from "../../agent/cli/exit-status.ts";
import { type Grammar, helpLines } from "../../shared/grammar.ts";

const grammar: Grammar = {
  command: "try",
  operands: ["FILE", "EXTRA"],
  optionalFrom: 1,
  options: {
    artifacts: { value: "DIR", short: "a", help: "where" },
    json: { help: "machine readable" },
  },
};

function refused(argv: readonly string[], message: RegExp): void {
  assert.throws(
    () => parseArguments(grammar, argv),
    (error: unknown) => {
      assert.ok(error instanceof CommandError);
      assert.equal(error.status, 64);
      assert.match(error.message, message);
      assert.match(error.message, /try --help/);
      return true;
    },
  );
}

suite("arguments", () => {
  test("takes options before and after operands, joined and apart", () => {
    for (const argv of [
      ["-a", "out", "f"],
      ["f", "--artifacts=out"],
      ["f", "--artifacts", "out"],
      ["-aout", "f"],
    ]) {
      const parsed = parseArguments(grammar, argv);
      assert.deepEqual(parsed.operands, ["f"]);
      assert.equal(parsed.values.get("artifacts"), "out");
    }
  });

  test("tells a flag that is there from one that is not", () => {
    assert.ok(parseArguments(grammar, ["--json", "f"]).flags.has("json"));
    assert.ok(!parseArguments(grammar, ["f"]).flags.has("json"));
  });

  test("takes everything after -- as operands", () => {
    assert.deepEqual(parseArguments(grammar, ["--", "--json", "-x"]).operands, ["--json", "-x"]);
  });

  test("names the nearest known option for an unknown one", () => {
    refused(["f", "--jsno"], /"--jsno" \(did you mean "--json"\?\)/);
  });

  test("knows no option that every object has", () => {
    refused(["f", "--constructor"], /no option "--constructor"/);
    refused(["f", "--__proto__=x"], /no option "--__proto__"/);
  });

  test("refuses an option without its value", () => {
    refused(["f", "--artifacts"], /--artifacts needs a value: --artifacts DIR/);
    refused(["f", "--artifacts="], /needs a value/);
    refused(["f", "--artifacts", "--json"], /needs a value/);
  });

  test("refuses a value for a flag", () => {
    refused(["f", "--json=yes"], /--json takes no value/);
  });

  test("refuses an option that is given twice", () => {
    refused(["f", "--json", "--json"], /twice/);
    refused(["f", "-a", "x", "--artifacts", "y"], /twice/);
  });

  test("names the operand that is missing and the one that is too many", () => {
    refused([], /FILE is missing/);
    refused(["a", "b", "c"], /"c" is one argument too many/);
  });

  test("asks for no operand when help is wanted", () => {
    assert.ok(parseArguments(grammar, ["-h"]).flags.has("help"));
  });

  test("describes every option with its placeholder", () => {
    const [usage = "", ...options] = helpLines(grammar);
    assert.equal(usage, "usage: ./taskcluster-worker try FILE [EXTRA] [options]");
    assert.match(options.join("\n"), /-a, --artifacts DIR\s+where\n\s+--json\s+machine readable/);
  });
});
