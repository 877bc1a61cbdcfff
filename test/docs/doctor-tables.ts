/** The tables of docs/doctor.md, from the list of checks. */
import type { Check } from "../../launchd/doctor/check.ts";
import { checks } from "../../launchd/doctor/checks.ts";

function whereOf({ only, installed, needsRoot }: Check): string {
  return [only && "Mac", installed && "installed", needsRoot && "root"].filter(Boolean).join(", ");
}

export function checksTable(): string {
  const rows = checks.map((check) => {
    const { id, title, why, remedy } = check;
    return `| \`${id}\` | ${title} | ${why} | ${remedy} | ${whereOf(check)} |`;
  });
  return ["| check | looks at | why it matters | what mends it | only |", "|---|---|---|---|---|", ...rows].join("\n");
}

export function unsureTable(): string {
  const rows = checks.flatMap(({ id, unsure }) => (unsure === undefined ? [] : [`| \`${id}\` | ${unsure} |`]));
  return ["| check | what is not sure |", "|---|---|", ...rows].join("\n");
}
