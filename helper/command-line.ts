/** What the starter understands of the command line: the files it names and the folder for artifacts. No more than that. */
import { constants, existsSync, fchownSync, lstatSync, mkdirSync, openSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { logRoot } from "./places.ts";

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

const takesValue = /^--(artifacts|agent-user|config|head|instance|user)$/;
const isPlain = (word: string, at: number): boolean => !word.startsWith("-") && !takesValue.test(argv[at - 1] ?? "");
const [command = "", ...operands] = argv.filter(isPlain);

/** FILE of `run-task` and `submit`. */
export const file = /^(run-task|submit)$/.test(command) ? operands[0] : undefined;

/** What `audit` reads: the files that it names, else those of an instance, the older one first. */
export function auditFiles(): string[] {
  const log = `${logRoot}/${option("--instance") ?? "default"}/audit.log`;
  if (command !== "audit") return [];
  return operands.length > 1 ? operands.slice(1) : [`${log}.1`, log].filter((path) => existsSync(path));
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
  const fits = there ? there.isDirectory() && readdirSync(path).length === 0 : existsSync(dirname(path));
  if (!fits) end(64, `${directory} is no empty directory, nor a new name in a directory that exists: name one that is`);
  if (!there) mkdirSync(path);
  // By descriptor: who can write to the parent could by now have put a hard link to a file of root's in its place.
  fchownSync(openSync(path, constants.O_DIRECTORY | constants.O_NOFOLLOW), uid, uid);
  return path;
}
