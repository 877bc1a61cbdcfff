/**
 * A release holds our sources without their types, because root's Node runs under --jitless, without the WebAssembly that
 * strips types at run time. What was a type is white space, and `.ts` is `.js` where a file is named: the text that was
 * reviewed is the text that runs, line by line and column by column.
 */
import { stripTypeScriptTypes } from "node:module";

/** `helper/main.ts` → `helper/main.js`; any other name stays. */
export function blankedName(file: string): string {
  return file.replace(/\.ts$/, ".js");
}

/** Imports, and the strings in which the starter names the programs that it starts. */
const namedSource = /("[\w./-]*\w)\.ts"/g;

/** Has as many characters as `source`, and the same ones but for types and endings. Throws where types are no mere types. */
export function blanked(source: string): string {
  const text = stripTypeScriptTypes(source, { mode: "strip" }).replaceAll(namedSource, '$1.js"');
  if (text.length !== source.length) throw new Error("the types cannot be blanked out without moving the code");
  return text;
}
