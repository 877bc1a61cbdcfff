/** Where the peers' cases stand, as Markdown. What is said here is kept true by test/conformance/conformance.test.ts. */
import { type Status, statuses } from "../conformance/case.ts";
import { allCases } from "../conformance/cases.ts";
import { counts } from "../conformance/report.ts";

const cell = (text: string): string => text.trim().replaceAll(/\s+/g, " ").replaceAll("|", "\\|");

export function countsTable(): string {
  const rows = counts(allCases()).map(({ peer, kind, of, all }) =>
    ["", peer, kind, all, ...statuses.map((status) => of[status]), ""].join(" | ").trim(),
  );
  return [
    `| dialect | cases | all | ${statuses.join(" | ")} |`,
    `|---|---|---|${"---|".repeat(statuses.length)}`,
    ...rows,
  ].join("\n");
}

/** Names with one and the same reason share a row. */
function byReason(status: Status): string[] {
  const reasons = new Map<string, string[]>();
  for (const { peer, name, status: its, reason, feature } of allCases()) {
    if (its !== status) continue;
    const why = `${peer} | ${cell(reason ?? feature ?? "")}`;
    reasons.set(why, [...(reasons.get(why) ?? []), cell(name)]);
  }
  return [...reasons].map(([why, names]) => {
    const [peer = "", ...rest] = why.split(" | ");
    return `| ${peer} | ${names.join("; ")} | ${rest.join(" | ")} |`;
  });
}

export function reasonsTable(status: Status, heading: string): string {
  return [`| dialect | cases | ${heading} |`, "|---|---|---|", ...byReason(status)].join("\n");
}
