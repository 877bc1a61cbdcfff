/** What the starter understands of the command line: the files it names and the folder for artifacts. No more than that. */
import { createHash, randomBytes } from "node:crypto";
import { lchownSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

export const argv = process.argv.slice(2);

export function end(status: number, message: string): never {
  process.stderr.write(`taskcluster-worker: ${message}\n`);
  process.exit(status);
}

/** The value of an option, written as `--name value` or `--name=value`. */
export function option(name: string): string | undefined {
  const at = argv.findIndex((word) => word === name || word.startsWith(`${name}=`));
  return argv[at] === name ? argv[at + 1] : argv[at]?.slice(name.length + 1);
}

/** FILE of `run-task` and `submit`: the first word behind the command that is neither an option nor its value. */
export function fileArgument(): string | undefined {
  const isValue = (index: number): boolean => /^--(artifacts|agent-user|config)$/.test(argv[index - 1] ?? "");
  const plain = argv.find((word, index) => index > 0 && !word.startsWith("-") && !isValue(index));
  return /^(run-task|submit)$/.test(argv[0] ?? "") ? plain : undefined;
}

/** Opened as root, so that it does not matter what lies above the file. */
export function openNamed(name: string): [string, number] {
  try {
    return [name, openSync(name, "r")];
  } catch {
    return end(64, `${name} cannot be read: name a file that exists`);
  }
}

/** Makes the folder for --artifacts the agent's: one that is absent or empty, and nothing below it. */
export function makeArtifacts(directory: string, uid: number): string {
  const path = resolve(directory);
  const there = lstatSync(path, { throwIfNoEntry: false });
  const empty = there?.isDirectory() && readdirSync(path).length === 0;
  if (there && !empty) end(64, `${directory} is not an empty directory: name one that is, or one that does not exist`);
  if (!there) mkdirSync(path);
  lchownSync(path, uid, uid);
  return path;
}

/** What `break-in` is after: a file that only root can read, for as long as the starter lives, and its text's SHA-256. */
export function makeFlag(path: string): string {
  const text = randomBytes(16).toString("hex");
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  process.once("exit", () => rmSync(path));
  return `${path} ${createHash("sha256").update(text).digest("hex")}`;
}
