import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { root } from "../imports.ts";
import { needsRoot } from "../root.ts";
import { Mutant, mutate } from "./mutant.ts";
import { mutations } from "./mutations.ts";

/** Caught by quick tests of different kinds. All of them: `npm run test:mutations`. */
const sample = [
  "the bound of a frame",
  "the comparison of the uid before a deletion",
  "the comparison of hashes along the audit log",
];

/** Whether a test of the file can have `name` in its title. What stands in a template must be in the file's text too. */
function isNamed(text: string, name: string): boolean {
  if (text.includes(name)) return true;
  return [...text.matchAll(/test\(\s*`([^`]*)`/g)].some(([, title = ""]) => {
    const pieces = title.split(/\$\{[^}]*\}/).filter((piece) => piece !== "" && name.includes(piece));
    const rest = pieces.reduce((parts, piece) => parts.flatMap((part) => part.split(piece)), [name]);
    return pieces.some((piece) => piece !== " ") && rest.every((part) => text.includes(part));
  });
}

suite("Mutations", () => {
  test("take out at least a hundred defences, each once", () => {
    assert.ok(mutations.length >= 100, `${mutations.length}`);
    assert.equal(new Set(mutations.map(({ without }) => without)).size, mutations.length);
  });

  test("fit the sources as they are, and leave programs", () => {
    for (const mutation of mutations) {
      const mutated = mutate(mutation);
      assert.notEqual(mutated, readFileSync(join(root, mutation.file), "utf8"));
      if (mutation.file.endsWith(".sh")) assert.equal(spawnSync("/bin/bash", ["-n"], { input: mutated }).status, 0);
      else assert.doesNotThrow(() => stripTypeScriptTypes(mutated), mutation.without);
    }
  });

  test("name tests that exist", () => {
    for (const [file, name] of mutations.map(({ caughtBy }) => caughtBy)) {
      assert.ok(isNamed(readFileSync(join(root, file), "utf8"), name), `${file}: ${name}`);
    }
  });

  test("of a sample are caught", { skip: needsRoot }, async () => {
    const chosen = mutations.filter(({ without }) => sample.some((words) => without.includes(words)));
    const mutant = new Mutant(dirname(root));
    try {
      for (const mutation of chosen) {
        const [file, name] = mutation.caughtBy;
        const { names, output } = await mutant.unsound(file, [name]);
        assert.deepEqual(names, [], output);
        assert.ok((await mutant.run(mutation)).how, `survived: without ${mutation.without}`);
      }
    } finally {
      mutant.remove();
    }
  });
});
