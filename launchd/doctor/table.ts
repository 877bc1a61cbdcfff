/** What doctor prints: a table for people, or one JSON document. */
import type { Examined } from "./examine.ts";
import { fixOf, type Result, worst } from "./finding.ts";
import type { Subject } from "./subject.ts";

const shown: Readonly<Record<Result, string>> = { pass: "pass", warn: "WARN", fail: "FAIL", "not-here": "-" };
const colours: Readonly<Record<Result, number>> = { pass: 32, warn: 33, fail: 31, "not-here": 90 };

/** A service's or a tool's words may hold anything; a terminal shows it and does nothing else. */
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "\ufffd");

function row(first: string, second: string, third: string, width: number): string {
  return `${first.padEnd(6)}${second.padEnd(width)}${third}`;
}

function linesOf({ check, finding }: Examined, width: number, colour: boolean): string[] {
  const line = printable(row(shown[finding.result], check.id, finding.what, width));
  const first = colour ? line.replace(/^\S+/, (word) => `\x1b[${colours[finding.result]}m${word}\x1b[39m`) : line;
  if (finding.result === "pass" || finding.result === "not-here") return [first];
  const below = [`why   ${check.why}`, ...fixOf(finding).map((command) => `fix   ${command}`)];
  return [first, ...below.map((text) => printable(`${" ".repeat(6 + width)}${text}`))];
}

/** What would let the checks be asked that were not. */
function hints(examined: readonly Examined[]): string[] {
  const fixes = examined.flatMap(({ finding }) => (finding.result === "not-here" ? fixOf(finding) : []));
  return [...new Set(fixes)].map((command) => `for the rest: ${printable(command)}`);
}

export function tableOf(examined: readonly Examined[], colour: boolean): string {
  const width = Math.max(...examined.map(({ check }) => check.id.length)) + 2;
  const count = (result: Result): number => examined.filter(({ finding }) => finding.result === result).length;
  const sums = `${count("pass")} pass, ${count("warn")} warn, ${count("fail")} fail, ${count("not-here")} not asked here`;
  const rows = examined.flatMap((each) => linesOf(each, width, colour));
  return `${[...rows, "", sums, ...hints(examined)].join("\n")}\n`;
}

/** Keys are stable; later versions add some. */
export function documentOf(examined: readonly Examined[], { machine, installation }: Subject): string {
  const rows = examined.map(({ check: { id, title, why }, finding }) => {
    const { result, what } = finding;
    return { id, title, why, result, what, fix: fixOf(finding) };
  });
  const document = {
    at: machine.now().toISOString(),
    platform: machine.platform,
    root: machine.uid === 0,
    installed: installation?.version ?? null,
    result: worst(rows.map(({ result }) => result)),
    checks: rows,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
