/**
 * The vectors of vectors.jsonl, one JSON object per line: a state of the directory, a call, what it prints and how it
 * ends, and the state after it. States map a record's path to its attributes. Placeholders in the expected output:
 * <GUID> a fresh GeneratedUID, <ANY> any text, <SPACES> padding, <USAGE> a usage text. A vector with `modes` or
 * `standInOnly` must not be played on a Mac.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { State } from "./directory.ts";
import type { Modes } from "./stand-in.ts";

export type Vector = {
  readonly name: string;
  readonly standInOnly?: boolean;
  readonly modes?: Modes;
  readonly state: State;
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
  readonly after: State;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
const isState = (value: unknown): value is State =>
  isObject(value) && Object.values(value).every((record) => isObject(record) && Object.values(record).every(isTexts));
const isModes = (value: unknown): value is Modes =>
  isObject(value) && Object.values(value).every((mode) => typeof mode === "string" || isTexts(mode));

function isVector(value: unknown): value is Vector {
  return (
    isObject(value) &&
    [value["name"], value["stdout"], value["stderr"]].every((text) => typeof text === "string") &&
    typeof value["exit"] === "number" &&
    isTexts(value["argv"]) &&
    isState(value["state"]) &&
    isState(value["after"]) &&
    (value["modes"] === undefined || isModes(value["modes"])) &&
    (value["standInOnly"] === undefined || value["standInOnly"] === true)
  );
}

/** Throws when a line is no vector. */
export function readVectors(): Vector[] {
  const lines = readFileSync(join(import.meta.dirname, "vectors.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line, index) => {
    const value: unknown = JSON.parse(line);
    if (!isVector(value)) throw new Error(`line ${index + 1} of vectors.jsonl is no vector`);
    return value;
  });
}

const placeholders: Readonly<Record<string, string>> = {
  "<GUID>": "[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}",
  "<ANY>": "[^]*",
  "<SPACES>": " +",
  "<USAGE>": "usage: [^]+",
};

/** Matches exactly the outputs that an expected text with placeholders allows. */
export function outputPattern(expected: string): RegExp {
  const parts = expected.split(/(<GUID>|<ANY>|<SPACES>|<USAGE>)/);
  return new RegExp(
    `^${parts.map((part) => placeholders[part] ?? part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("")}$`,
  );
}
