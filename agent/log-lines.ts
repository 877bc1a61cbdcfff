/** The lines that the worker itself adds to a task log, worded as generic-worker words them: other tools parse them. */

import { shellWord } from "../shared/shell-word.ts";
import type { CommandResult } from "./engine/engine.ts";

export interface Header {
  readonly provisionerId: string;
  readonly workerType: string;
  readonly workerTypeMetadata: Readonly<Record<string, unknown>>;
  readonly taskId: string;
}

/** A label and what stands behind its colon. */
export type LogRow = readonly [label: string, value: string];

const labelWidth = " Average Available System Memory".length;

/** Printed before anything is built. */
export function headerLines({ provisionerId, workerType, workerTypeMetadata, taskId }: Header): string[] {
  const settings = JSON.stringify(workerTypeMetadata, null, 2).split("\n");
  return [
    `Worker Type (${provisionerId}/${workerType}) settings:`,
    ...settings.map((line) => `  ${line}`),
    `Task ID: ${taskId}`,
    "=== Task Starting ===",
  ];
}

/** Printed before command `n`, counted from 0. */
export function executing(n: number, argv: readonly string[]): string {
  return `Executing command ${n}: ${argv.map(shellWord).join(" ")}`;
}

/** Printed after each command; several lines with their labels flush right. `more` comes from plugins. */
export function exitBlock(result: CommandResult, more: readonly LogRow[] = []): string {
  const rows: LogRow[] = [
    ["Exit Code", String(result.code ?? -1)],
    ["User Time", goDuration(result.userMs)],
    ["Kernel Time", goDuration(result.systemMs)],
    ["Wall Time", goDuration(result.wallMs)],
    ...more,
    ["Result", verdict(result)],
  ];
  const block = rows.map(([label, value]) => `${label.padStart(labelWidth)}: ${value}`);
  if (result.aborted) block.unshift(`Command ABORTED after ${goDuration(result.wallMs)}: process aborted`);
  return block.join("\n");
}

/** Printed when all commands have ended and the logs are about to be uploaded. */
export function footerLines(durationMs: number): string[] {
  return ["=== Task Finished ===", `Task Duration: ${goDuration(durationMs)}`];
}

/** A duration in Go's syntax: `1h2m3.5s`, `12.25ms`, `0s`. `ms` may have a fraction, and is taken as 0 when negative. */
export function goDuration(ms: number): string {
  const nanoseconds = Math.max(0, Math.round(ms * 1e6));
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${trimmed(nanoseconds, 1e3)}µs`;
  if (nanoseconds < 1e9) return `${trimmed(nanoseconds, 1e6)}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${trimmed(nanoseconds % 60e9, 1e9)}s`;
  if (minutes === 0) return seconds;
  if (minutes < 60) return `${minutes}m${seconds}`;
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** `nanoseconds / unit` with every digit and no trailing zeros. */
function trimmed(nanoseconds: number, unit: number): string {
  const digits = String(unit).length - 1;
  const fraction = String(nanoseconds % unit)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  const whole = String(Math.floor(nanoseconds / unit));
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function verdict({ aborted, code }: CommandResult): "SUCCEEDED" | "FAILED" | "ABORTED" {
  if (aborted) return "ABORTED";
  return code === 0 ? "SUCCEEDED" : "FAILED";
}
