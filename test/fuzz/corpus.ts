/** The kept inputs: one JSON line each, a string, or `{"base64":…}` where the bytes are no UTF-8. */
import { isUtf8 } from "node:buffer";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TargetName } from "./target.ts";

const folder = join(import.meta.dirname, "corpus");

function bytesOf(value: unknown): Buffer {
  return typeof value === "string" ? Buffer.from(value) : Buffer.from(String(Object(value).base64), "base64");
}

function linesOf(name: string): unknown[] {
  const file = join(folder, name);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

export function readCorpus(target: TargetName): Buffer[] {
  return linesOf(`${target}.jsonl`).map(bytesOf);
}

export function writeCorpus(target: TargetName, inputs: readonly Buffer[]): void {
  const lines = inputs.map((bytes) => {
    const line = JSON.stringify(isUtf8(bytes) ? bytes.toString("utf8") : { base64: bytes.toString("base64") });
    return `${line}\n`;
  });
  writeFileSync(join(folder, `${target}.jsonl`), lines.join(""));
}

/** An input that once showed a bug. */
export interface Regression {
  readonly name: string;
  readonly target: TargetName;
  readonly input: Buffer;
}

/** A line's input is `text` or `base64`; behind it come `repeat`, so many `times`, and `end`. */
export function readRegressions(): Regression[] {
  return linesOf("regressions.jsonl").map((line) => {
    const { name, target, text, repeat = "", times = 0, end = "" } = Object(line);
    const tail = Buffer.from(String(repeat).repeat(times) + end);
    return { name, target, input: Buffer.concat([bytesOf(text ?? line), tail]) };
  });
}
