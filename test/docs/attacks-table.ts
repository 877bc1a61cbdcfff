/** The catalogue of attacks as a table. */
import type { Row } from "../attack/catalogue/row.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function shownBy({ played }: Row): string {
  if ("reason" in played) return `not played here: ${played.reason} Instead: ${played.check}`;
  return played.tests.map(({ file, name }) => `\`${file}\`: ${name}`).join("; ");
}

export function attacksTable(rows: readonly Row[]): string {
  const lines = [...rows]
    .sort((one, other) => one.row - other.row)
    .map((row) => {
      const cells = [row.severity, row.attacker, row.attack, row.echo || "–", row.defence, shownBy(row)];
      return `| ${row.row} | ${cells.map(cell).join(" | ")} |`;
    });
  return [
    "| # | severity | attacker | attack | echo | defence | test |",
    "|---|---|---|---|---|---|---|",
    ...lines,
  ].join("\n");
}
