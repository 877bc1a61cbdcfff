/** What the suite prints, and the two files that are to be sent back. */
import { type Verdict, verdicts } from "./suite.ts";

/** The Mac, in words that name nobody. */
export interface About {
  readonly system: string;
  readonly arch: string;
  readonly node: string;
  readonly version: string;
  /** System Integrity Protection, as csrutil says it. */
  readonly protection: string;
  readonly loggedIn: boolean;
}

export interface Report {
  readonly format: 1;
  readonly written: string;
  readonly about: About;
  readonly verdicts: readonly Verdict[];
}

/** One line for each probe while they are asked. */
export function lineOf({ probe, verdict, seen }: Verdict): string {
  const end = verdict === "holds" ? "" : `: ${seen}`;
  return `${String(probe.number).padStart(3)}  ${verdict.padEnd(9)}  ${probe.claim}${end}`;
}

function paragraphOf({ probe, verdict, seen, more, left, ms }: Verdict): string {
  const rows = [
    ["claim", `${probe.claim} (${probe.mark})`],
    ["asked", probe.asked],
    ["expected", probe.expected.join(" | ")],
    ["seen", seen],
    ["leans on it", probe.leansOn.join(", ")],
    ["took", `${ms} ms`],
    ...more.map((line) => ["more", line]),
    ...left.map((line) => ["left", line]),
  ];
  return [`${probe.number}  ${verdict}`, ...rows.map(([key = "", text]) => `    ${key.padEnd(11)}  ${text}`)].join(
    "\n",
  );
}

export function countsOf(all: readonly Verdict[]): string {
  return verdicts.map((each) => `${all.filter(({ verdict }) => verdict === each).length} ${each}`).join(", ");
}

/** What differs first, then the rest in the order of its numbers. */
export function readable({ written, about, verdicts: all }: Report): string {
  const head = [
    `Report of a Mac, ${written}`,
    `${about.system}, ${about.arch}, Node ${about.node}, worker ${about.version}`,
    `${about.protection}; ${about.loggedIn ? "somebody" : "nobody"} logged in at the screen`,
    countsOf(all),
  ];
  const wrong = all.filter(({ verdict, left }) => verdict === "differs" || verdict === "failed" || left.length > 0);
  const rest = all.filter((each) => !wrong.includes(each));
  const parts = [head.join("\n"), ...[...wrong, ...rest].map(paragraphOf)];
  return `${parts.join("\n\n")}\n`;
}

/** Everything holds or could not be asked, and nothing was left. */
export function isGood(all: readonly Verdict[]): boolean {
  return all.every(({ verdict, left }) => (verdict === "holds" || verdict === "not asked") && left.length === 0);
}
