/** The repository's own files and the Markdown pages among them, as text. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export const root = join(import.meta.dirname, "../..");
const skipped = new Set(["node_modules", ".git"]);

/** Paths of all files of the checkout, relative to it; installed packages and git's own are not among them. */
export function filesOf(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesOf(path);
    return entry.isFile() ? [relative(root, path)] : [];
  });
}

/** Throws when there is no such file. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** What follows a heading, up to the next one of the same or a higher level. Throws when the page has no such heading. */
export function sectionOf(page: string, heading: string): string {
  const lines = page.split("\n");
  const from = lines.indexOf(heading);
  if (from < 0) throw new Error(`the page has no heading "${heading}"`);
  const level = heading.indexOf(" ");
  const after = lines.findIndex((line, index) => index > from && /^#+ /.test(line) && line.indexOf(" ") <= level);
  return lines.slice(from + 1, after < 0 ? undefined : after).join("\n");
}

/** Cells of the rows of the tables in a text whose first cell is one name in backquotes, which is returned without them. */
export function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, name = "", rest = ""]) => [
    name,
    ...rest.split(" | ").map((cell) => cell.trim()),
  ]);
}
