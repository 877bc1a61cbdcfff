/**
 * What helper/config.ts and helper/journal.ts call of `node:fs`, in memory: a disk that is fast, and that can be full. It
 * stands in for `node:fs` while fuzzing; a test compares it with the real one.
 */
const files = new Map<string, Buffer>();

export const disk = {
  /** Bytes that can still be written; what does not fit is cut off, as a full disk does. */
  room: Number.POSITIVE_INFINITY,
  /** Empties the disk and puts one file on it. */
  reset(file: string, content: Buffer): void {
    files.clear();
    files.set(file, content);
    disk.room = Number.POSITIVE_INFINITY;
  },
  content: (file: string): Buffer | undefined => files.get(file),
};

function failure(code: string, file: string): Error {
  return Object.assign(new Error(`${code}: '${file}'`), { code });
}

function contentOf(file: string): Buffer {
  const content = files.get(file);
  if (!content) throw failure("ENOENT", file);
  return content;
}

export const existsSync = (file: string): boolean => files.has(file);
export const readFileSync = (file: string, _encoding: "utf8"): string => contentOf(file).toString("utf8");

export function renameSync(from: string, to: string): void {
  files.set(to, contentOf(from));
  files.delete(from);
}

export function writeFileSync(file: string, text: string, options?: { flag: string }): void {
  const before = options?.flag.startsWith("a") ? (files.get(file) ?? Buffer.alloc(0)) : Buffer.alloc(0);
  const added = Buffer.from(text);
  const written = added.subarray(0, disk.room);
  files.set(file, Buffer.concat([before, written]));
  disk.room -= written.length;
  if (written.length < added.length) throw failure("ENOSPC", file);
}
