import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { root } from "../imports.ts";
import { needsRoot } from "../root.ts";
import { Mutant, mutate, noticed } from "./mutant.ts";
import { mutations } from "./mutations.ts";

/** Caught by quick tests of different kinds. All of them: `npm run test:mutations`. */
const sample = ["the check that the uid is a task uid", "the bound of a frame"];

suite("Mutations", () => {
  test("take out at least forty defences, each once", () => {
    assert.ok(mutations.length >= 40, `${mutations.length}`);
    assert.equal(new Set(mutations.map(({ without }) => without)).size, mutations.length);
  });

  test("fit the sources as they are", () => {
    for (const mutation of mutations)
      assert.notEqual(mutate(mutation), readFileSync(join(root, mutation.file), "utf8"));
  });

  test("name tests that exist", () => {
    for (const { file } of mutations.flatMap(({ caughtBy }) => caughtBy)) {
      assert.ok(existsSync(join(root, file)), file);
    }
  });

  test("of a sample are caught", { skip: needsRoot }, async () => {
    const chosen = mutations.filter(({ without }) => sample.includes(without));
    assert.equal(chosen.length, sample.length);
    const mutant = new Mutant(dirname(root));
    try {
      for (const mutation of chosen) {
        const before = await mutant.run(mutation.caughtBy);
        assert.ok(!noticed(before) && before.passed > 0, before.output);
        assert.ok(noticed(await mutant.run(mutation.caughtBy, mutation)), `survived: without ${mutation.without}`);
      }
    } finally {
      mutant.remove();
    }
  });
});
