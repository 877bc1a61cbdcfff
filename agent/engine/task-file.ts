/** Reading a file of a task, by a process of that task user: what the task user may not open, nobody opens for it. */
import { posix } from "node:path";
import { Readable } from "node:stream";
import { messageOf } from "../thrown.ts";
import { chunksOf } from "./bell.ts";
import { ResourceError, type ResourceReason, type TaskFile } from "./engine.ts";
import type { TaskAccount } from "./task-account.ts";
import { TOOL_IDLE_MS, toolCommand } from "./user-tool.ts";

/**
 * Says why there is nothing to read, or `file SIZE`, the bytes, and one letter: s, the file is the same as at the start;
 * c, it changed. Type and size are those of the open descriptor. Nothing that could block is opened.
 */
const readLines = `exec 2>/dev/null
reply() { printf '%s\\n' "$1"; exit 0; }
path=$1
[[ $path == /* ]] || path=$HOME/$path
if [[ ! -e $path ]]; then
  case $( (exec 3<"$path") 2>&1) in *'Permission denied') reply forbidden ;; *) reply missing ;; esac
fi
[[ -d $path ]] && reply directory
[[ -f $path ]] || reply special
exec 3<"$path" || reply forbidden
[[ -f /dev/fd/3 ]] || reply special
look() {
  if [[ $1 == darwin ]]; then /usr/bin/stat -f '%z %Fm %Fc' <&3; else /usr/bin/stat -c '%s %.9Y %.9Z' - <&3; fi
}
before=$(look "$2")
printf 'file %s\\n' "\${before%% *}"
/bin/cat <&3 && [[ $(look "$2") == "$before" ]] && printf s || printf c
`;

const HEADER_BYTES = 64;
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

/** Throws ResourceError when there is nothing to read, and another error for a reader that does not make sense. */
async function readHeader(
  chunks: AsyncGenerator<Buffer>,
  known: Readonly<Record<string, [ResourceReason, string]>>,
): Promise<{ size: number; rest: Buffer }> {
  let held = Buffer.alloc(0);
  while (held.length <= HEADER_BYTES) {
    const { done, value } = await chunks.next();
    if (done) break;
    held = Buffer.concat([held, value]);
    const end = held.indexOf(0x0a);
    if (end < 0) continue;
    const line = held.toString("latin1", 0, end);
    const refusal = Object.hasOwn(known, line) ? known[line] : undefined;
    if (refusal) throw new ResourceError(...refusal);
    const size = /^file (\d{1,15})$/.exec(line)?.[1];
    if (size !== undefined) return { size: Number(size), rest: held.subarray(end + 1) };
    break;
  }
  throw new Error("its reader did not say what it is");
}

/** `size` bytes, then the letter s and the end; anything else is an error. */
async function* verified(size: number, rest: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let left = size;
  let verdict = "";
  let chunk: Buffer | undefined = rest;
  while (chunk && verdict.length <= 1) {
    const part: Buffer = chunk.subarray(0, left);
    left -= part.length;
    verdict += chunk.toString("latin1", part.length, part.length + 2);
    if (part.length > 0) yield part;
    const next: IteratorResult<Buffer, unknown> = await chunks.next();
    chunk = next.done ? undefined : next.value;
  }
  if (left > 0 || verdict !== "s") throw new Error("it changed while it was read");
}

/** `path` is relative to the home or absolute. Throws ResourceError, or EngineError when the helper fails. */
export async function openTaskFile(account: TaskAccount, path: string): Promise<TaskFile> {
  const absolute = posix.resolve(account.user.home, path);
  if (path.includes("\0") || Buffer.byteLength(path) > PATH_BYTES) {
    throw new ResourceError("file-missing-on-worker", `Could not read file '${absolute}'`);
  }
  const failed = (error: unknown): unknown =>
    account.lost.aborted
      ? account.lost.reason
      : new ResourceError("invalid-resource-on-worker", `Could not read file '${absolute}': ${messageOf(error)}`);
  const command = toolCommand(account.user.home, readLines, "read", [path, process.platform]);
  const reader = await account.start(command);
  const chunks = chunksOf(reader.output, TOOL_IDLE_MS);
  const header = await readHeader(chunks, refusals(absolute)).catch(async (error: unknown) => {
    reader.output.destroy();
    if (error instanceof ResourceError) throw error;
    await account.killProcess(reader.id);
    throw failed(error);
  });
  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      yield* verified(header.size, header.rest, chunks);
    } catch (error) {
      throw failed(error);
    }
  }
  const body = Readable.from(bytes(), { objectMode: false });
  // A body that nobody began to read never enters the generator, whose end would do this.
  body.once("close", () => reader.output.destroy());
  return { size: header.size, body };
}
