/** The pages as pages: links lead somewhere, lengths are kept, dependencies are explained, nothing names where it was made. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { filesOf, root, rowsOf, sectionOf, textOf } from "./pages.ts";

const files = filesOf();
const pages = files.filter((path) => path.endsWith(".md"));

/** A heading as hosting sites name it in an address. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

test("every link between pages leads to a file and a heading that exist", () => {
  const broken: string[] = [];
  for (const page of pages) {
    const text = textOf(page).replaceAll(/^```.*?^```/gms, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : normalize(join(dirname(page), path));
      const headings = () => [...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));
      if (!existsSync(join(root, file))) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && !headings().includes(anchor)) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

test("every source file that a page names exists", () => {
  const missing: string[] = [];
  for (const page of pages) {
    for (const [, path = ""] of textOf(page).matchAll(
      /`((?:agent|helper|shared|launchd|test|examples|docs)\/[\w./-]*)`/g,
    )) {
      if (!existsSync(join(root, path))) missing.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

test("every npm script that a page names exists", () => {
  const { scripts } = JSON.parse(textOf("package.json"));
  for (const page of pages) {
    for (const [, name = ""] of textOf(page).matchAll(/npm run ([\w:-]+)/g))
      assert.ok(name in scripts, `${page}: ${name}`);
  }
});

test("the README has at most 150 lines", () => {
  assert.ok(textOf("README.md").split("\n").length <= 151);
});

test("a decision is one page", () => {
  for (const page of pages.filter((path) => path.startsWith("docs/decisions/"))) {
    assert.ok(textOf(page).split("\n").length <= 41, page);
  }
});

test("every dependency has its line in CONTRIBUTING.md, and no line is for something else", () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(textOf("package.json"));
  const section = sectionOf(textOf("CONTRIBUTING.md"), "## Dependencies");
  const lines = [...section.matchAll(/^- `([^`]+)` — \S/gm)].map(([, name]) => name);
  const names = [dependencies, devDependencies, optionalDependencies].flatMap((each) => Object.keys(each));
  assert.deepEqual(lines.sort(), names.sort());
});

test("the six packages are where the README says", () => {
  const section = sectionOf(textOf("README.md"), "## The six packages");
  const rows = [...section.matchAll(/^\| ([a-z-]+) \| [^|]+ \| ([^|]+) \|/gm)].filter(([, name]) => name !== "package");
  assert.equal(rows.length, 6);
  for (const [, name = "", where = ""] of rows) {
    const file = where.replaceAll("`", "").trim();
    assert.match(textOf(file), new RegExp(`from "${name}(?:/[^"]*)?"`), file);
  }
});

test("no file names the place where it was made", () => {
  // In pieces, or this file would be one of them.
  const words = [
    ["/wo", "rk/"],
    ["far", "m-"],
    ["duplicates", " --"],
    ["/tmp/", "brief"],
    ["registry.", "npmjs"],
    ["npm.pkg.", "github"],
    ["DES", "IGN"],
    ["art", "ifactory"],
    ["co", "deartifact"],
  ].map((pieces) => pieces.join(""));
  const found = files.flatMap((path) => {
    const text = readFileSync(join(root, path), "latin1");
    return words.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
  });
  assert.deepEqual(found, []);
});

test("the pages of the table of contents are all pages there are", () => {
  const named = [...textOf("README.md").matchAll(/\(((?:docs\/)?[\w-]+\.md)\)/g)].map(([, path]) => path);
  const own = pages
    .filter((path) => !path.includes("/") || /^docs\/[^/]+$/.test(path))
    .filter((path) => path !== "README.md");
  assert.deepEqual([...new Set(named)].sort(), own.sort());
});

test("a page's tables name a thing once", () => {
  for (const page of ["docs/configuration.md", "docs/logs.md"]) {
    const names = rowsOf(textOf(page)).map(([name]) => name);
    assert.deepEqual(names, [...new Set(names)], page);
  }
});
