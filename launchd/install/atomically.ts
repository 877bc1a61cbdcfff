/** Files and links that are there as a whole or not at all, also after a power cut. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lchownSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

function sync(path: string): void {
  const opened = openSync(path, "r");
  fsyncSync(opened);
  closeSync(opened);
}

/** Root: beside the path, in a directory that only root can write to. A try that was cut off is removed first. */
function making(path: string): string {
  const beside = `${path}.new`;
  rmSync(beside, { force: true });
  return beside;
}

export function writeAtomically(path: string, text: string, mode: number, uid: number): void {
  const beside = making(path);
  const opened = openSync(beside, "wx", 0o600);
  writeSync(opened, text);
  fsyncSync(opened);
  closeSync(opened);
  lchownSync(beside, uid, 0);
  chmodSync(beside, mode);
  renameSync(beside, path);
  sync(dirname(path));
}

export function linkAtomically(path: string, target: string): void {
  const beside = making(path);
  symlinkSync(target, beside);
  renameSync(beside, path);
  sync(dirname(path));
}

/** What stands at a path itself, a link being one. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
