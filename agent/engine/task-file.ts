/** The files that a task left behind, each read by a process of that task user. */
import { posix } from "node:path";
import { Readable } from "node:stream";
import { messageOf } from "../thrown.ts";
import { ResourceError, type ResourceReason, type TaskFile } from "./engine.ts";
import { FileReader } from "./file-reader.ts";
import { IdleReaders } from "./idle-readers.ts";
import type { TaskAccount } from "./task-account.ts";

const PATH_BYTES = 4096;

function refusals(path: string): Record<string, [ResourceReason, string]> {
  return {
    missing: ["file-missing-on-worker", `Could not read file '${path}'`],
    forbidden: ["file-not-readable-on-worker", `Could not read file '${path}': the task user may not open it`],
    directory: [
      "invalid-resource-on-worker",
      `File artifact '${path}' exists as a directory, not a file, on the worker`,
    ],
    special: ["invalid-resource-on-worker", `Could not read file '${path}': it is no regular file`],
  };
}

export class TaskFiles {
  readonly #account: TaskAccount;
  readonly #idle = new IdleReaders();

  constructor(account: TaskAccount) {
    this.#account = account;
  }

  /** `path` is relative to the home or absolute. Throws ResourceError, or EngineError when the helper fails. */
  async open(path: string): Promise<TaskFile> {
    const absolute = posix.resolve(this.#account.user.home, path);
    if (path.includes("\0") || Buffer.byteLength(path) > PATH_BYTES) {
      throw new ResourceError("file-missing-on-worker", `Could not read file '${absolute}'`);
    }
    const failed = (error: unknown): unknown =>
      this.#account.lost.aborted
        ? this.#account.lost.reason
        : new ResourceError("invalid-resource-on-worker", `Could not read file '${absolute}': ${messageOf(error)}`);
    const reader = this.#idle.take() ?? (await FileReader.start(this.#account));
    const { size, bytes } = await reader.open(path, refusals(absolute)).catch(async (error: unknown) => {
      if (error instanceof ResourceError) {
        this.#idle.put(reader);
        throw error;
      }
      await reader.kill();
      throw failed(error);
    });
    let whole = false;
    const idle = this.#idle;
    async function* checked(): AsyncGenerator<Buffer> {
      try {
        yield* bytes;
        whole = true;
        idle.put(reader);
      } catch (error) {
        throw failed(error);
      }
    }
    const body = Readable.from(checked(), { objectMode: false });
    // A body that nobody began to read never enters the generator, whose end would do this.
    body.once("close", () => {
      if (!whole) reader.destroy();
    });
    return { size, body };
  }

  /** Ends the readers that are between two files; only when no body is read any more. */
  async close(): Promise<void> {
    await this.#idle.end();
  }
}
