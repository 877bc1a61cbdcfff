/** Where the cases stand, as a table and as lists. */
import { type Peer, type Placed, peers, type Status, statuses } from "./case.ts";
import type { Verdict } from "./suite.ts";

const blackBox = ({ restated }: Placed): boolean => restated !== true;

/** Peer, kind of case, and how many there are of each status. */
export function counts(
  cases: readonly Placed[],
): { peer: Peer; kind: string; of: Record<Status, number>; all: number }[] {
  return peers
    .flatMap((peer) => [true, false].map((isBlackBox) => ({ peer, isBlackBox })))
    .map(({ peer, isBlackBox }) => {
      const own = cases.filter((each) => each.peer === peer && blackBox(each) === isBlackBox);
      const number = (status: Status): number => own.filter((each) => each.status === status).length;
      const of = {
        ...{ passed: number("passed"), different: number("different") },
        ...{ "not yet": number("not yet"), "not applicable": number("not applicable") },
      };
      return { peer, kind: isBlackBox ? "black-box" : "restated", of, all: own.length };
    })
    .filter(({ all }) => all > 0);
}

/** One line for each case of a status, with its reason. */
export function reasons(cases: readonly Placed[], peer: Peer, status: Status): { name: string; why: string }[] {
  return cases
    .filter((each) => each.peer === peer && each.status === status)
    .map(({ name, reason, feature }) => ({ name, why: reason ?? feature ?? "" }));
}

/** What `npm run test:conformance` prints. */
export function report(verdicts: readonly Verdict[]): string {
  const cases = verdicts.map((verdict) => verdict.case);
  const head = ["peer and dialect", "cases", "all", ...statuses];
  const rows = counts(cases).map(({ peer, kind, of, all }) => [peer, kind, all, ...statuses.map((each) => of[each])]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => `${row[column]}`.length)));
  const table = [head, ...rows].map((row) =>
    row
      .map((cell, column) => `${cell}`.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const lists = peers.flatMap((peer) =>
    reasons(cases, peer, "different").map(({ name, why }) => `  ${peer} ${name}: ${why.trim()}`),
  );
  const wrong = verdicts
    .filter((verdict) => verdict.wrong.length > 0)
    .flatMap((verdict) => [
      `  ${verdict.case.peer} ${verdict.case.name} (${verdict.case.status}):`,
      ...verdict.wrong.map((sentence) => `    ${sentence}`),
    ]);
  return [
    ...table,
    "",
    "Answered differently on purpose:",
    ...lists,
    "",
    ...(wrong.length > 0 ? ["These do not hold:", ...wrong] : ["All of it holds."]),
  ].join("\n");
}
