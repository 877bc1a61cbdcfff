/** Listing a folder of a task, by a process of that task user. */
import { posix } from "node:path";
import { messageOf } from "../thrown.ts";
import { chunksOf } from "./bell.ts";
import { ResourceError, type ResourceReason } from "./engine.ts";
import type { TaskAccount } from "./task-account.ts";
import { toolCommand } from "./user-tool.ts";

/**
 * One NUL-terminated record each: why there is nothing to list, or `folder`; then the names; then an empty one, and the
 * exit status of find. Links and special files are listed: whoever opens them is told what they are.
 */
const listLines = `exec 2>/dev/null
reply() { printf '%s\\0' "$1"; exit 0; }
path=$1
[[ $path == /* ]] || path=$HOME/$path
if [[ ! -e $path ]]; then
  case $( (exec 3<"$path") 2>&1) in *'Permission denied') reply forbidden ;; *) reply missing ;; esac
fi
[[ -d $path ]] || reply file
cd -P -- "$path" && [[ -r . ]] || reply forbidden
printf 'folder\\0'
find . ! -type d -print0
printf '\\0%s\\0' "$?"
`;

/** A large tree of empty directories says nothing for a while. */
const IDLE_MS = 120_000;
const RECORD_BYTES = 64 * 1024;
const PATH_BYTES = 4096;

function refusals(path: string): Record<string, [ResourceReason, string]> {
  return {
    missing: ["file-missing-on-worker", `Could not read directory '${path}'`],
    forbidden: ["file-not-readable-on-worker", `Could not read directory '${path}': the task user may not open it`],
    file: [
      "invalid-resource-on-worker",
      `Directory artifact '${path}' exists as a file, not a directory, on the worker`,
    ],
  };
}

async function* records(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let held = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    let from = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
      yield bytes.toString("utf8", from, end);
      from = end + 1;
    }
    held = Buffer.from(bytes.subarray(from));
    if (held.length > RECORD_BYTES) throw new Error("a name in it is too long");
  }
}

/** Relative slash paths, streamed. Throws ResourceError, or EngineError when the helper fails. */
export async function* listTaskFolder(account: TaskAccount, path: string): AsyncGenerator<string> {
  const absolute = posix.resolve(account.user.home, path);
  const known = refusals(absolute);
  if (path.includes("\0") || Buffer.byteLength(path) > PATH_BYTES) {
    throw new ResourceError("file-missing-on-worker", `Could not read directory '${absolute}'`);
  }
  const lister = await account.start(toolCommand(account.user.home, listLines, "list", [path]));
  try {
    const found = records(chunksOf(lister.output, IDLE_MS));
    const { value: first } = await found.next();
    const refusal = Object.hasOwn(known, first ?? "") ? known[first ?? ""] : undefined;
    if (refusal) throw new ResourceError(...refusal);
    if (first !== "folder") throw new Error("its lister did not say what it is");
    for await (const name of found) {
      if (name !== "") yield name.replace(/^\.\//, "");
      else if ((await found.next()).value === "0") return;
      else throw new Error("a part of it cannot be read by the task user");
    }
    throw new Error("the list ended early");
  } catch (error) {
    if (account.lost.aborted) throw account.lost.reason;
    if (error instanceof ResourceError) throw error;
    throw new ResourceError(
      "invalid-resource-on-worker",
      `Error processing directory '${absolute}' as artifact: ${messageOf(error)}`,
    );
  } finally {
    lister.output.destroy();
  }
}
