/** Stands in for `node:fs` in the helper's modules that look after directories, the socket and status.json. */
import type { Status } from "./files.ts";
import { theMachine } from "./machine.ts";

const files = () => theMachine().files;

export const chmodSync = (path: string, mode: number): void => files().chmod(path, mode);
export const lchownSync = (path: string, uid: number, gid: number): void => files().chown(path, uid, gid);
export const mkdirSync = (path: string, mode?: number): void => files().mkdir(path, mode);
export const readdirSync = (path: string): string[] => files().list(path);
export const rmdirSync = (path: string): void => files().rmdir(path);
export const unlinkSync = (path: string): void => files().unlink(path);
export const renameSync = (from: string, to: string): void => files().rename(from, to);
export const writeFileSync = (path: string, text: string): void => files().write(path, text);
export const existsSync = (path: string): boolean => files().exists(path);
export const realpathSync = (path: string): string => path;

export function lstatSync(path: string, options?: { throwIfNoEntry: boolean }): Status | undefined {
  if (options?.throwIfNoEntry === false && !files().exists(path)) return undefined;
  return files().status(path);
}
