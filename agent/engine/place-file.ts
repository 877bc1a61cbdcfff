/** Writing a file into a task user's home, by a process of that task user. */
import type { Readable } from "node:stream";
import { messageOf } from "../thrown.ts";
import { EngineError } from "./engine.ts";
import { feedTool } from "./fed-tool.ts";
import { isDiskOfHomeFull } from "./home-room.ts";
import type { TaskAccount } from "./task-account.ts";
import { replyOf, TOOL_IDLE_MS, toolCommand } from "./user-tool.ts";

const taken = "it exists already";

// noclobber: the name of the temporary file is new, and it is opened as such. Nothing is ever written over.
const placeLines = `set -C
umask 077
temporary=.placing-$$
if [[ -e ./$1 || -L ./$1 ]]; then
  printf '${taken}'
  exit 1
fi
cat >"$temporary" && chmod "$2" "$temporary" && mv -f "$temporary" "./$1" && printf 'placed %s' $(($(wc -c <"./$1")))
`;
const directoryLines = 'mkdir -m 700 tmp && printf "made"';

const NAME_BYTES = 255;

function checkName(name: string): void {
  const plain = /^[^/\u0000-\u001f\u007f]+$/.test(name) && name !== "." && name !== "..";
  if (plain && Buffer.byteLength(name) <= NAME_BYTES) return;
  throw new EngineError("place-failed", `${JSON.stringify(name)} cannot be the name of a file in the task's home.`);
}

async function place(account: TaskAccount, name: string, mode: "755" | "600", body: Readable): Promise<void> {
  const failed = (why: string): EngineError =>
    new EngineError("place-failed", `'${name}' could not be written to the task's home: ${why}.`);
  const process = await account.startWithInput(toolCommand(account.user.home, placeLines, "place", [name, mode]));
  const { reply, sent } = await feedTool(account, process, body).catch((error: unknown) => {
    throw error instanceof EngineError ? error : failed(messageOf(error));
  });
  if (reply === `placed ${sent}`) return;
  if (reply === taken) {
    throw new EngineError("name-taken", `'${name}' could not be written to the task's home: ${taken}.`);
  }
  if (await isDiskOfHomeFull(account.user.home)) {
    throw new EngineError("homes-full", `'${name}' could not be written to the task's home: its disk is full.`);
  }
  throw failed(reply.startsWith("placed") ? `${reply} of ${sent} bytes` : reply.trim() || "its writer said nothing");
}

/**
 * Writes `body`, which is destroyed in any case. Throws EngineError: `name-taken`, `homes-full`, `place-failed` when the file is
 * not there afterwards, or what the helper met.
 */
export async function placeFile(
  account: TaskAccount,
  file: { name: string; body: Readable; mode: 0o600 | 0o755 },
): Promise<void> {
  // It may break before anybody reads it; who reads it then is told.
  file.body.on("error", () => undefined);
  try {
    checkName(file.name);
    await place(account, file.name, file.mode === 0o755 ? "755" : "600", file.body);
  } finally {
    file.body.destroy();
  }
}

/**
 * Makes `<home>/tmp`, the TMPDIR of the task, as a part of a new task user. Throws EngineError: `no-free-user`, as when the
 * helper cannot make one; `place-failed` when its tool hangs, or what the helper met.
 */
export async function makeTemporaryDirectory(account: TaskAccount): Promise<void> {
  const process = await account.start(toolCommand(account.user.home, directoryLines, "make", []));
  const reply = (await replyOf(account, process, TOOL_IDLE_MS)).trim();
  if (reply === "made") return;
  // No command of the task has run yet, so that mkdir can be believed where there is room again meanwhile.
  const isFull = reply.endsWith(": No space left on device") || (await isDiskOfHomeFull(account.user.home));
  const why = isFull ? "its disk is full" : reply || "its tool said nothing";
  throw new EngineError("no-free-user", `'tmp' could not be made in the task's home: ${why}.`);
}
