import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../imports.ts";
import { catalogue } from "./catalogue.ts";

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** Whether a file has a test of this name: written out, or a template that strings and numbers of the file fill in. */
function hasTest(file: string, name: string): boolean {
  const text = readFileSync(join(root, file), "utf8");
  const strings = [...text.matchAll(/"((?:[^"\\\n]|\\.)+)"/g)].map(([, string = ""]) => literally(string));
  const filled = `(?:${[...new Set(strings), "\\d+"].join("|")})`;
  const tests = [...text.matchAll(/\btest\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g)];
  return tests.some(([, written, template]) =>
    template === undefined
      ? written === JSON.stringify(name).slice(1, -1)
      : new RegExp(
          `^${template
            .split(/\$\{[^}]*\}/)
            .map(literally)
            .join(filled)}$`,
        ).test(name),
  );
}

test("each row of the catalogue from 1 to 60 is there once, and no addition twice", () => {
  const numbers = catalogue.map(({ row }) => row);
  assert.deepEqual(
    numbers.filter((row) => row <= 60).sort((a, b) => a - b),
    Array.from({ length: 60 }, (_, index) => index + 1),
  );
  assert.equal(new Set(numbers).size, numbers.length);
});

test("each attack is played by tests that exist under exactly those names, or says why not and what will show it", () => {
  for (const { row, played } of catalogue) {
    if ("tests" in played) {
      assert.ok(played.tests.length > 0, `row ${row} names a test`);
      for (const { file, name } of played.tests) {
        assert.ok(existsSync(join(root, file)), `row ${row}: ${file} exists`);
        assert.ok(hasTest(file, name), `row ${row}: ${file} has the test "${name}"`);
      }
    } else {
      assert.ok(played.reason.length > 10 && played.check.length > 10, `row ${row} has a reason and a check`);
    }
  }
});

test("each attack is a sentence and says what stops it", () => {
  for (const { row, attack, defence } of catalogue) {
    assert.match(attack, /^[A-Z].*\.$/, `row ${row}`);
    assert.match(defence, /^[A-Z].*\.$/, `row ${row}`);
  }
});
