/** The result as a table for people, or as JSON. */
import { isReached, type Row, ratioOf } from "./measure.ts";

const rounded = (value: number): string => (Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(0));

function targetOf({ target, unit }: Row): string {
  if (!target) return "";
  const sign = target.bound === "most" ? "≤" : "≥";
  return target.of === "ratio" ? `${sign} ${target.value} ×` : `${sign} ${target.value} ${unit}`;
}

function cellsOf(row: Row): string[] {
  const ratio = ratioOf(row);
  const reached = isReached(row);
  return [
    row.measure,
    `${rounded(row.figure)} ${row.unit}`,
    row.baseline ? `${rounded(row.baseline.figure)} ${row.unit}: ${row.baseline.what}` : "",
    ratio === null ? "" : `${rounded(ratio)} ×`,
    targetOf(row),
    reached === null ? "" : reached ? "yes" : "NO",
  ];
}

export function asTable(rows: readonly Row[]): string {
  const lines = [["measure", "figure", "baseline", "ratio", "target", "reached"], ...rows.map(cellsOf)];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0))) ?? [];
  return lines
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function asJson(rows: readonly Row[]): string {
  return JSON.stringify(
    rows.map((row) => ({ ...row, ratio: ratioOf(row), reached: isReached(row) })),
    null,
    2,
  );
}
