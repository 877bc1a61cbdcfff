/** Directories, files and links, all below directories of root alone. */
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";
import { exitStatus } from "../../../shared/exit-status.ts";
import { Refusal } from "../../refusal.ts";
import type { Actions } from "../actions.ts";
import { isThere, linkAtomically, writeAtomically } from "../atomically.ts";
import { checkChain } from "../chain.ts";
import type { Machine } from "../machine.ts";
import { removeTree } from "../remove-tree.ts";
import type { DirectoryStep, FileStep, LinkStep } from "../step.ts";

export function directory(machine: Machine, step: DirectoryStep): Actions {
  const path = machine.at(step.path);
  return {
    async look() {
      checkChain(path);
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (!found) return { state: "to do" };
      if (!found.isDirectory()) return { state: "foreign", sentence: `${step.path} is no directory: move it away` };
      const open = found.mode & 0o7777 & ~step.mode & 0o077;
      if (open === 0 || step.mode === 0o755) return { state: "done" };
      return {
        state: "foreign",
        sentence: `${step.path} is open to others: chmod ${step.mode.toString(8)} ${step.path}`,
      };
    },
    async do() {
      if (!isThere(path)) mkdirSync(path);
      lchownSync(path, 0, 0);
      chmodSync(path, step.mode);
    },
    async undo() {
      if (!isThere(path)) return null;
      if (step.ours) {
        const [first] = removeTree(path);
        if (first !== undefined) throw first;
        return null;
      }
      if (readdirSync(path).length === 0) rmdirSync(path);
      else return `${step.path} still holds ${readdirSync(path).slice(0, 3).join(", ")}, which is not ours: look at it`;
      return null;
    },
  };
}

export function file(machine: Machine, step: FileStep): Actions {
  const path = machine.at(step.path);
  const content = (): string | null => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return null;
    return found.isFile() ? readFileSync(path, "utf8") : "";
  };
  const write = async (text: string): Promise<void> => {
    const uid = await machine.uidOf(step.owner);
    if (uid === null) throw new Refusal(exitStatus.misconfigured, `there is no account ${step.owner}: make it first`);
    writeAtomically(path, text, step.mode, uid);
  };
  return {
    async look(ours) {
      checkChain(dirname(path));
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (!found) return { state: "to do" };
      if (!found.isFile()) return { state: "foreign", sentence: `${step.path} is no regular file: move it away` };
      if (step.keep) return { state: "done" };
      const there = readFileSync(path, "utf8");
      const isRight =
        there === step.text && (found.mode & 0o7777) === step.mode && found.uid === (await machine.uidOf(step.owner));
      if (isRight) return { state: "done" };
      if (ours?.kind === "file" && [ours.text, ours.before, step.text].includes(there)) return { state: "to do" };
      return {
        state: "foreign",
        sentence: `${step.path} is there and is not ours: move it away, and look what uses it`,
      };
    },
    do: () => write(step.text),
    async undo() {
      rmSync(`${path}.new`, { force: true });
      // Root: the size of a file that the agent may write to is the agent's choice.
      const there = step.keep && step.before === null ? (isThere(path) ? "" : null) : content();
      if (there === step.before) return null;
      if (there !== null && !step.keep && there !== step.text) {
        return `${step.path} has been changed since, and is left as it is: remove it yourself`;
      }
      if (step.before !== null) await write(step.before);
      else rmSync(path, { force: true });
      return null;
    },
  };
}

export function link(machine: Machine, step: LinkStep): Actions {
  const path = machine.at(step.path);
  const target = (): string | null | undefined => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return null;
    return found.isSymbolicLink() ? readlinkSync(path) : undefined;
  };
  return {
    async look(ours) {
      checkChain(dirname(path));
      const there = target();
      if (there === step.target) return { state: "done" };
      if (there === null || (there !== undefined && ours?.kind === "link")) return { state: "to do" };
      return { state: "foreign", sentence: `${step.path} is there and is not ours: move it away` };
    },
    async do() {
      linkAtomically(path, step.target);
    },
    async undo() {
      rmSync(`${path}.new`, { force: true });
      const there = target();
      if (there === step.before) return null;
      if (there !== step.target) return `${step.path} has been changed since, and is left as it is: remove it yourself`;
      if (step.before !== null) linkAtomically(path, step.before);
      else rmSync(path);
      return null;
    },
  };
}
