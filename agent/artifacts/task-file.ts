/**
 * One file that a task left behind, read as the task user. The order keeps a wrong file from ever looking like a good
 * one: the queue lists an s3 artifact from createArtifact on, and takes no error artifact of that name afterwards.
 *
 * - To be compressed, or at most `spoolBelowBytes`: copied first, into memory or into scratch. Only a file that could be
 *   read to its end is announced, and every try sends the same bytes.
 * - Larger and sent as it is: streamed, without a second copy on the disk. When it breaks under way, the PUT is cut and
 *   stores nothing; the artifact stays listed without content, the log says so, and the task fails.
 */
import { addAbortSignal, type Readable } from "node:stream";
import type { ResultSet } from "../engine/engine.ts";
import type { TaskContext } from "../task-context.ts";
import { guessContentEncoding, guessContentType } from "./content-type.ts";
import { hold, mostHeldBytes } from "./held.ts";
import { type Copy, changed, exactly, type Source } from "./source.ts";
import { mostBytes, spool, tooLarge } from "./spool.ts";
import type { Retries } from "./store.ts";
import { encodingFor, upload } from "./upload.ts";

const spoolBelowBytes = 4 * 1024 * 1024;

export interface TaskFileArtifact {
  readonly name: string;
  /** As the engine takes it: relative to the home, or absolute. */
  readonly path: string;
  readonly expires: string;
  /** Guessed from `path` when absent. */
  readonly contentType?: string | undefined;
  readonly contentEncoding?: "identity" | "gzip" | undefined;
}

/** Throws ResourceError when there is no such file to be read, and what `upload` throws. */
export async function uploadTaskFile(
  task: TaskContext,
  result: ResultSet,
  file: TaskFileArtifact,
  retries: Retries,
): Promise<void> {
  const { name, path, expires } = file;
  const contentType = file.contentType ?? guessContentType(path);
  const contentEncoding = encodingFor(task.config, file.contentEncoding ?? guessContentEncoding(path));
  const { size: contentLength, body } = await result.openFile(path);
  // Else whoever waits for its next byte could not be stopped.
  addAbortSignal(task.signal, body);
  if (contentEncoding === "identity" && contentLength > mostBytes) {
    body.destroy();
    throw tooLarge(mostBytes);
  }
  const announced = { name, expires, contentType, contentEncoding, contentLength };
  if (contentEncoding === "identity" && contentLength > spoolBelowBytes) {
    const source = reopened(result, path, contentLength, body, task.signal);
    try {
      await upload(task, { ...announced, source }, retries);
    } finally {
      body.destroy();
    }
    return;
  }
  let copy: Copy;
  try {
    const chunks = exactly(body, contentLength);
    const isSmall = contentLength <= mostHeldBytes;
    copy = isSmall ? await hold(chunks, contentEncoding) : await spool(task, chunks, contentEncoding);
  } finally {
    body.destroy();
  }
  try {
    await upload(task, { ...announced, source: copy }, retries);
  } finally {
    await copy.remove();
  }
}

/** The first try reads the stream that is open already. */
function reopened(result: ResultSet, path: string, size: number, first: Readable, signal: AbortSignal): Source {
  let unused = [first];
  return {
    size,
    open: async () => {
      const [body] = unused;
      unused = [];
      if (body) return body;
      const again = await result.openFile(path);
      if (again.size === size) return addAbortSignal(signal, again.body);
      again.body.destroy();
      throw changed(size);
    },
  };
}
