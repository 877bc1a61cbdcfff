import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { blanked, blankedName } from "../../../launchd/release/blanked.ts";
import { root, sourceFiles } from "../../imports.ts";

const sources = sourceFiles().filter((file) => !file.endsWith(".d.ts"));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** What differs other than by white space in place of something, with what stands before it. */
function differences(source: string, text: string): string[] {
  const found: string[] = [];
  for (let index = 0; index < source.length; index++) {
    const after = text[index] ?? "";
    if (after === source[index] || /\s/.test(after)) continue;
    found.push(`${source.slice(Math.max(0, index - 40), index + 3)} became ${after}`);
  }
  return found;
}

test("each source of ours differs from its form in a release by white space and the endings of file names alone", () => {
  for (const file of sources) {
    const source = read(file);
    const text = blanked(source);
    assert.equal(text.length, source.length, file);
    for (const difference of differences(source, text)) assert.match(difference, /\w\.ts" became j$/, file);
  }
});

test("lines stay lines, so that a message names the line of the source", () => {
  assert.equal(
    blanked("type A = {\n  b: 1;\n};\nexport const c: A = { b: 1 };\n"),
    "          \n       \n  \nexport const c    = { b: 1 };\n",
  );
});

test("the file of an import has its name in the release, whichever way it is imported", () => {
  const source = [
    'import { a } from "./a.ts";',
    'export * from "../b/c-d.ts";',
    'const e = () => import("./e.ts");',
    "",
  ].join("\n");
  assert.equal(blanked(source), source.replaceAll(".ts", ".js"));
});

test("every string that names one of our sources names what lies in a release", () => {
  for (const file of sources) assert.doesNotMatch(blanked(read(file)), /"[\w./-]*\w\.ts"/, file);
});

test("text that only looks like a file's ending stays as it is", () => {
  const source = 'const isSource = (name: string) => name.endsWith(".ts");\n';
  assert.match(blanked(source), /endsWith\("\.ts"\)/);
  assert.equal(blankedName("test/a.ts.txt"), "test/a.ts.txt");
});
