import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TargetName } from "./target.ts";
import type { Result } from "./watch.ts";

const shownBytes = 400;

/** Bytes as one printable line, cut where it gets long. */
function escaped(input: Buffer): string {
  const shown = JSON.stringify(input.subarray(0, shownBytes).toString("latin1")).replace(
    /[\x7f-\xff]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16)}`,
  );
  return input.length > shownBytes ? `${shown} … (${input.length} bytes)` : shown;
}

/** The lines about one target. An input that was found is written to a file in `folder`, for the command that they name. */
export function report(target: TargetName, seed: number, result: Result, folder: string): string[] {
  const { seconds, executions, corpus, blocks, finding } = result;
  const rate = Math.round(executions / seconds).toLocaleString("en");
  const guided = blocks ? `; corpus ${corpus}; blocks ${blocks.covered} of ${blocks.known} known` : "";
  const sums = `${target}: ${executions.toLocaleString("en")} executions in ${seconds.toFixed(0)} s, ${rate}/s${guided}`;
  const line = `${sums}; findings ${finding ? 1 : 0}; seed ${seed}`;
  if (!finding) return [line];
  const file = join(folder, `fuzz-${target}-${createHash("sha256").update(finding.input).digest("hex").slice(0, 12)}`);
  writeFileSync(file, finding.input);
  const again = `again: npm run fuzz -- --target ${target} --replay ${file}`;
  return [line, `  ${finding.message.slice(0, 1000)}`, `  ${escaped(finding.input)}`, `  ${again}`];
}
