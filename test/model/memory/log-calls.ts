/** Stands in for `node:fs` in journal.ts and audit.ts: real calls, but those that write go through the machine's faults. */
import type { WriteFileOptions } from "node:fs";
import { theMachine } from "./machine.ts";

export { constants, existsSync, fstatSync, readFileSync, readSync, renameSync } from "node:fs";

const logs = () => theMachine().logs;

export const openSync = (path: string, flags: number | string, mode?: number): number => logs().open(path, flags, mode);
export const closeSync = (fd: number): void => logs().close(fd);
export const writeSync = (fd: number, bytes: Buffer): number => logs().append(fd, bytes);
export const writeFileSync = (path: string, text: string, options?: WriteFileOptions): void =>
  logs().write(path, text, options);
