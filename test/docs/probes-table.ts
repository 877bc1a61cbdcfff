/** The questions to a Mac as a Markdown table. */
import type { Probe } from "../mac/probe.ts";

export function probesTable(probes: readonly Probe[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = probes.map(({ number, mark, claim, asked, expected }) =>
    [number, mark, claim, asked, expected.join("; ")].map((each) => ` ${cell(String(each))} `).join("|"),
  );
  const head = "| | | claim | asked | expected |\n|---|---|---|---|---|";
  return [head, ...rows.map((row) => `|${row}|`)].join("\n");
}
