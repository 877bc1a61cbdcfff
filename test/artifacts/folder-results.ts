/** What a task left behind, as the engine would give it, from a folder of the test. Keeps the contract of `ResultSet`. */
import { constants, createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { Readable } from "node:stream";
import { ResourceError, type ResultSet, type TaskFile } from "../../agent/engine/engine.ts";

export interface FolderResults extends ResultSet {
  /** Called with the path when the first chunk of a file has been read. */
  meanwhile: (path: string) => Promise<void>;
  readonly opened: string[];
}

export function folderResults(home: string): FolderResults {
  const place = (path: string) => (isAbsolute(path) ? path : join(home, path));

  async function* exactBytes(path: string, size: number): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of createReadStream(path)) {
      const before = bytes;
      bytes += chunk.length;
      if (bytes > size) break;
      yield chunk;
      if (before === 0) await results.meanwhile(path);
    }
    if (bytes !== size) throw new Error("it changed while it was read");
  }

  const results: FolderResults = {
    leftover: 0,
    opened: [],
    meanwhile: async () => {},
    async openFile(path: string): Promise<TaskFile> {
      const absolute = place(path);
      results.opened.push(path);
      const found = await stat(absolute).catch(() => null);
      if (!found) throw new ResourceError("file-missing-on-worker", `Could not read file '${absolute}'`);
      if (!found.isFile()) throw new ResourceError("invalid-resource-on-worker", `'${absolute}' is no regular file`);
      const file = await open(absolute, constants.O_RDONLY | constants.O_NONBLOCK);
      const { size } = await file.stat();
      await file.close();
      return { size, body: Readable.from(exactBytes(absolute, size), { objectMode: false }) };
    },
    async *listFolder(path: string): AsyncGenerator<string> {
      const absolute = place(path);
      const entries = await readdir(absolute, { withFileTypes: true, recursive: true }).catch(() => null);
      if (!entries) throw new ResourceError("file-missing-on-worker", `Could not read directory '${absolute}'`);
      for (const entry of entries)
        if (!entry.isDirectory()) yield relative(absolute, join(entry.parentPath, entry.name));
    },
    dispose: async () => {
      throw new Error("a plugin must not dispose the results");
    },
  };
  return results;
}
