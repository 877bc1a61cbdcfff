/** docs/residue.md is kept honest: every row names a test that exists, or says why there is none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "./pages.ts";

const page = textOf("docs/residue.md");
const rows = [...page.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, number = "", rest = ""]) => ({
  number: Number(number),
  cells: rest.split(" | "),
}));
const placesOf = (text: string): string[] => [...text.matchAll(/(?:^|[\s(`])(\/[\w/]+)/g)].map(([, path = ""]) => path);

test("every row of the catalogue of what a task can leave is there, in order, with all of its cells", () => {
  assert.deepEqual(
    rows.map(({ number }) => number),
    Array.from({ length: 24 }, (_, index) => index + 1),
  );
  for (const { number, cells } of rows) {
    assert.equal(cells.length, 4, `row ${number}`);
    assert.ok(
      cells.every((cell) => cell.trim() !== ""),
      `row ${number}`,
    );
  }
});

test("every row names a test that exists, or says why there is none", () => {
  for (const { number, cells } of rows) {
    const last = cells.at(-1) ?? "";
    if (last.startsWith("why none: ")) continue;
    for (const each of last.split("; ")) {
      const [, file = "", name = ""] = /^`(test\/[\w/-]+\.test\.ts)`: (.+)$/.exec(each) ?? [];
      assert.ok(file !== "" && textOf(file).includes(name), `row ${number}: ${each}`);
    }
  }
});

test("the shared places are those that the sweep looks into", () => {
  const sweep = textOf("helper/sweep.sh");
  const arrays = [...sweep.matchAll(/^ {2}places=\((.*)\)$/gm)].map(([, list = ""]) => placesOf(list));
  const [, linux = "", mac = ""] = /^Linux: (.*)\.\nmacOS: ([^,]*),/m.exec(page) ?? [];
  assert.deepEqual([placesOf(mac), placesOf(linux)], arrays);
});

test("what the sweep prints is what its first lines and the page say", () => {
  const sweep = textOf("helper/sweep.sh");
  const said = [...sweep.matchAll(/^# {3}([a-z-]+)(?: N)? {2,}/gm)].map(([, word]) => word);
  const printed = [...sweep.matchAll(/\bcount ([a-z-]+) |&& echo (looked)$/gm)].map(([, word, last]) => word ?? last);
  assert.deepEqual([...new Set(printed)], said);
});
