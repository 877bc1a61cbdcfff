/** Reads a file named on the command line, through the starter's descriptor where there is one. */

import { read as readDescriptor } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { errorCode, messageOf } from "../thrown.ts";
import { CommandError, exitStatus } from "./exit-status.ts";
import type { Launch } from "./launch.ts";

const read = promisify(readDescriptor);

async function readAll(fd: number, limit: number, path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const { bytesRead, buffer } = await read(fd, { buffer: Buffer.alloc(64 * 1024) });
    if (bytesRead === 0) break;
    size += bytesRead;
    if (size > limit) throw new CommandError(exitStatus.usage, `${path} is larger than ${limit} bytes`);
    chunks.push(buffer.subarray(0, bytesRead));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new CommandError(exitStatus.usage, `${path} is no UTF-8 text`);
  }
}

/** True when the account may not open it, or not enter a folder above it. */
export function isDenied(error: unknown): boolean {
  return errorCode(error) === "EACCES";
}

/** The one sentence for a file that could not be opened, with the command that helps where one does. */
export function whyUnreadable(path: string, error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOENT") return `${path} does not exist`;
  if (code === "EACCES") return `${path} cannot be read by this account: run chmod o+r '${path}'`;
  if (code === "EISDIR") return `${path} is a directory: name a file in it`;
  return `${path} cannot be read (${messageOf(error)})`;
}

/** The text of `path`, at most `limit` bytes. Throws CommandError `usage`. */
export async function readArgumentFile(launch: Launch, path: string, limit: number): Promise<string> {
  const fd = launch.files.get(path);
  try {
    if (fd !== undefined) return await readAll(fd, limit, path);
    await using file = await open(path, "r");
    return await readAll(file.fd, limit, path);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(exitStatus.usage, whyUnreadable(path, error));
  }
}
