/** The folder of `run-task --artifacts`: the artifacts of each task, decoded, under their own names. */
import { constants, createReadStream, createWriteStream } from "node:fs";
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { messageOf } from "../thrown.ts";

/** What there is to save: a file of the embedded queue. */
export interface Stored {
  readonly path: string;
  readonly contentEncoding?: string;
}

/** Why an artifact was not saved; one sentence. */
export class NotSavedError extends Error {}

/** Throws NotSavedError for a name that is no plain relative path. */
function segments(name: string): string[] {
  const parts = name.split("/");
  if (parts.some((part) => part === "..")) throw new NotSavedError("its name would lead out of the folder");
  if (parts.some((part) => part === "" || part === "." || part.includes("\0"))) {
    throw new NotSavedError("its name is no relative path");
  }
  return parts;
}

/** The bytes of what is stored, decoded, into a new file. */
async function write(stored: Stored, path: string): Promise<void> {
  const encoding = stored.contentEncoding ?? "identity";
  // The system copies a large file in a fraction of the time of a stream, or only notes that its blocks are shared.
  const how = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
  if (encoding === "identity" || encoding === "") return copyFile(stored.path, path, how);
  if (encoding !== "gzip") {
    throw new NotSavedError(`its encoding "${encoding}" is not one that this program can decode`);
  }
  await pipeline(createReadStream(stored.path), createGunzip(), createWriteStream(path, { flags: "wx" }));
}

/** One folder for one task; `folder` exists and nobody but us writes into it. Everything in it is readable by everybody. */
export class ArtifactFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The path of the saved file. Throws NotSavedError; a part of it may be left. */
  async save(name: string, stored: Stored): Promise<string> {
    const parts = segments(name);
    let path = this.#folder;
    try {
      for (const part of parts.slice(0, -1)) {
        path = join(path, part);
        await mkdir(path).then(
          () => chmod(path, 0o755),
          (error: NodeJS.ErrnoException) => {
            if (error.code !== "EEXIST") throw error;
          },
        );
      }
      path = join(path, parts.at(-1) ?? "");
      await write(stored, path);
      await chmod(path, 0o644);
      return path;
    } catch (error) {
      if (error instanceof NotSavedError) throw error;
      throw new NotSavedError(`it could not be written (${messageOf(error)})`);
    }
  }
}
