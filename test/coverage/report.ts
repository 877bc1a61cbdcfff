/** From what has run to lines and branches of a source, and to a table of them. */
import { stripTypeScriptTypes } from "node:module";
import type { Seen } from "./seen.ts";

export interface FileReport {
  readonly file: string;
  readonly lines: number;
  readonly branches: number;
  /** Numbers of lines none of which ran, and "line: text" of the branches that did not. */
  readonly missedLines: readonly number[];
  readonly missedBranches: readonly string[];
}

const word = /[\w$"'`]/;
const blank = (text: string): string => text.replace(/[^\n]/g, " ");

/** The source with types and comments blanked out, so that each offset is still the source's. */
function codeOf(source: string): string {
  const comments = /^[ \t]*\/\*\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm;
  return stripTypeScriptTypes(source.replace(comments, blank), { mode: "strip" });
}

/** A line counts when it has a word of code, and has run when one of its words has; so does a block. */
export function reportOf(file: string, source: string, seen: Seen): FileReport {
  const code = codeOf(source);
  const words = Array.from(code.matchAll(new RegExp(word, "g")), ({ index }) => index);
  const lineOf = (offset: number): number => code.slice(0, offset).split("\n").length;
  const lines = new Map<number, boolean>();
  let [line, from] = [1, 0];
  for (const at of words) {
    line += code.slice(from, at).split("\n").length - 1;
    from = at;
    lines.set(line, lines.get(line) === true || seen.ranAt(at));
  }
  const blocks = seen.blocks().filter(({ start, end }) => word.test(code.slice(start, end)));
  const missed = blocks.filter(({ ran }) => !ran).sort((a, b) => a.start - b.start);
  return {
    file,
    lines: lines.size,
    branches: blocks.length,
    missedLines: [...lines].filter(([, ran]) => !ran).map(([number]) => number),
    missedBranches: missed.map(
      ({ start, end }) => `${lineOf(start)}: ${code.slice(start, end).replace(/\s+/g, " ").trim().slice(0, 100)}`,
    ),
  };
}

/** 1, 2, 3 and 7 as "1-3, 7". */
export function rangesOf(numbers: readonly number[]): string {
  const starts = numbers.filter((number, at) => numbers[at - 1] !== number - 1);
  const ends = numbers.filter((number, at) => numbers[at + 1] !== number + 1);
  return starts.map((start, at) => (start === ends[at] ? `${start}` : `${start}-${ends[at]}`)).join(", ");
}

export function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((1000 * part) / whole) / 10;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export function totalOf(reports: readonly FileReport[]): { file: string; lines: number[]; branches: number[] } {
  return {
    file: "all",
    lines: [sum(reports.map(({ lines }) => lines)), sum(reports.map(({ missedLines }) => missedLines.length))],
    branches: [sum(reports.map(({ branches }) => branches)), sum(reports.map((each) => each.missedBranches.length))],
  };
}

export function table(reports: readonly FileReport[]): string {
  const cells = ([whole = 0, missed = 0]: readonly number[]): string[] => [
    `${whole}`,
    percent(whole - missed, whole).toFixed(1),
  ];
  const total = totalOf(reports);
  const rows = [
    ["file", "lines", "%", "branches", "%", "lines that did not run"],
    ...reports.map(({ file, lines, branches, missedLines, missedBranches }) => [
      file,
      ...cells([lines, missedLines.length]),
      ...cells([branches, missedBranches.length]),
      rangesOf(missedLines),
    ]),
    [total.file, ...cells(total.lines), ...cells(total.branches), ""],
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
