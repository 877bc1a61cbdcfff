/** Reads the task definitions of a file: YAML (so JSON too), one task for each document. */
import { LineCounter, parseAllDocuments } from "yaml";
import { messageOf } from "../thrown.ts";
import { didYouMean } from "./did-you-mean.ts";
import { CommandError, exitStatus } from "./exit-status.ts";

/** A task file larger than this is refused before it is parsed. */
export const taskFileBytes = 4 * 1024 * 1024;

export interface TaskDocument {
  /** 1, 2, … in the order of the file. */
  readonly n: number;
  /** Where the document begins, for messages. */
  readonly line: number;
  /** A name of the file's own for the task, or a task id; null when the document has no `taskId`. */
  readonly label: string | null;
  /** The definition as it is written, without `taskId`. */
  readonly definition: Readonly<Record<string, unknown>>;
}

const definitionKeys = [
  "provisionerId",
  "workerType",
  "taskQueueId",
  "schedulerId",
  "projectId",
  "taskGroupId",
  "dependencies",
  "requires",
  "routes",
  "priority",
  "retries",
  "created",
  "deadline",
  "expires",
  "scopes",
  "payload",
  "metadata",
  "tags",
  "extra",
];
const payloadKeys = ["command", "link", "maxRunTime", "artifacts", "env", "mounts", "features", "context"];
const labelPattern = /^[A-Za-z0-9_-]{1,64}$/;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `name` is the file's name for messages. Throws CommandError `usage`: file, line, and what to do. */
export function parseTaskFile(text: string, name: string): TaskDocument[] {
  const lines = new LineCounter();
  const problem = (offset: number, what: string) =>
    new CommandError(exitStatus.usage, `${name}:${lines.linePos(offset).line}: ${what}`);
  if (text.includes("\0")) throw new CommandError(exitStatus.usage, `${name} is no text file`);
  const documents = parseAllDocuments(text, { uniqueKeys: true, lineCounter: lines, prettyErrors: false });
  const found: TaskDocument[] = [];
  for (const document of "empty" in documents ? [] : documents) {
    const [error] = document.errors;
    if (error) throw problem(error.pos[0], error.code === "DUPLICATE_KEY" ? "a key is written twice" : error.message);
    const start = document.contents?.range[0] ?? 0;
    const value: unknown = toPlain(document, (what) => problem(start, what));
    if (value === null || value === undefined) continue;
    if (!isRecord(value)) throw problem(start, "a task is a mapping; this is none");
    const at = (key: string) => keyOffset(document.contents, key) ?? start;
    for (const key of Object.keys(value)) {
      if (key === "taskId" || definitionKeys.includes(key)) continue;
      const advice = payloadKeys.includes(key)
        ? `: write it below "payload:"`
        : didYouMean(key, [...definitionKeys, "taskId"]);
      throw problem(at(key), `"${key}" is no key of a task definition${advice}`);
    }
    if (!isRecord(value["payload"])) throw problem(at("payload"), `a task needs a "payload:" that is a mapping`);
    const { taskId: label = null, ...definition } = value;
    if (label !== null && (typeof label !== "string" || !labelPattern.test(label))) {
      throw problem(at("taskId"), `a "taskId:" is a task id, or a label of letters, digits, "-" and "_"`);
    }
    if (label !== null && found.some((other) => other.label === label)) {
      throw problem(at("taskId"), `two documents have the taskId "${label}"`);
    }
    found.push({ n: found.length + 1, line: lines.linePos(start).line, label, definition });
  }
  if (found.length === 0)
    throw new CommandError(exitStatus.usage, `${name} holds no task: write at least a "payload:"`);
  return found;
}

function toPlain(document: { toJS(options: { maxAliasCount: number }): unknown }, problem: (what: string) => Error) {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw problem(messageOf(error));
  }
}

function keyOffset(node: unknown, key: string): number | null {
  if (!isRecord(node) || !Array.isArray(node["items"])) return null;
  for (const item of node["items"]) {
    if (!isRecord(item) || !isRecord(item["key"]) || item["key"]["value"] !== key) continue;
    const range: unknown = item["key"]["range"];
    return Array.isArray(range) && typeof range[0] === "number" ? range[0] : null;
  }
  return null;
}
