/**
 * Unpacking an archive into a task user's home, by system tools that run as that task user: whatever names, links and
 * sizes are in it, it can do there what the task's own commands can do, and nothing else.
 */
import type { Readable } from "node:stream";
import { messageOf } from "../thrown.ts";
import { type Archive, type ArchiveKind, EngineError } from "./engine.ts";
import { feedTool } from "./fed-tool.ts";
import { isDiskOfHomeFull } from "./home-room.ts";
import type { TaskAccount } from "./task-account.ts";
import { toolCommand } from "./user-tool.ts";

/** A file that outgrows its limit ends its writer by SIGXFSZ; so it is said of all of them together. */
const OUTGROWN = 153;

/**
 * Says `ended` with the exit status of each program, or `large`; then, from a new line, what the programs said. What is
 * larger than $2 bytes is cut there, so that `gzip` ends by SIGPIPE (141); but a pipe takes what is little more, so that a file
 * is cut one byte later, which it cannot hold, and nobody takes a part for the whole. A zip archive has its table at its end, so it
 * must be a file. No table and no stream tells what comes out in the end: a zip may lie about itself, and the tar of macOS
 * decompresses what it is given. So what the home takes on the disk is looked at while files are written, and behind it.
 */
const unpackLines = `exec 3>&1
set -C
umask 022
ulimit -f $(($2 / 1024))
kilobytes=$(($2 / 1024))
used() {
  chmod 700 "$HOME"
  local size=$(du -sk .)
  printf %s "\${size%%[!0-9]*}"
}
watched() {
  local most=$(($(used) + kilobytes)) writer status
  { "$@" <&4 4<&- >&2 & echo "$!"; wait "$!"; echo "$?"; } 4<&0 | {
    read -r writer
    until read -r -t 1 status; do (($(used) <= most)) || kill -KILL "$writer"; done
    (($(used) <= most)) || status=${OUTGROWN}
    exit "$status"
  }
}
unpack() {
  case $1 in
    tar) watched tar -xf -; printf 'ended %s\\n' "$?" >&3 ;;
    tar.gz) gzip -dc | head -c "$2" | watched tar -xf -; printf 'ended %s\\n' "\${PIPESTATUS[*]}" >&3 ;;
    gz) gzip -dc | head -c $(($2 + 1)) >"./$3"; printf 'ended %s\\n' "\${PIPESTATUS[*]}" >&3; chmod 755 "./$3" ;;
    zip)
      cat >tmp/context.zip || return
      total=$(unzip -Zt tmp/context.zip)
      if [[ $total =~ ([0-9]+)\\ bytes\\ uncompressed ]] && ((\${#BASH_REMATCH[1]} > 15 || BASH_REMATCH[1] > $2)); then
        printf 'large\\n' >&3
      else
        watched unzip -oqq tmp/context.zip </dev/null
        printf 'ended %s\\n' "$?" >&3
      fi
      rm -f tmp/context.zip ;;
  esac
}
said=$(unpack "$@" 2>&1 >/dev/null | { head -c 2000; cat >/dev/null; })
chmod 700 "$HOME"
printf '%s' "$said"
`;

/** Exit statuses that mean an archive is unpacked. gzip has 2 for a warning, unzip has 1. */
const good: Readonly<Record<ArchiveKind, readonly (readonly number[])[]>> = {
  tar: [[0]],
  "tar.gz": [[0, 2], [0], [0]],
  gz: [[0, 2], [0]],
  zip: [[0, 1]],
};
/** Of `head`, which had enough, and of `gzip` before it. */
const cut = [141, 0];

const SAID_CHARACTERS = 200;

type Refusal = "archive-refused" | "place-failed" | "homes-full";

/** What is wrong, for the end of a sentence; null when the archive is unpacked. */
function verdict({ kind, mostBytes }: Archive, reply: string, isFull: boolean): { code: Refusal; why: string } | null {
  const [first = "", ...rest] = reply.split("\n");
  const said = rest
    .join(" ")
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, SAID_CHARACTERS)
    .toWellFormed();
  const statuses = /^ended ([\d ]+)$/.exec(first)?.[1]?.split(" ").map(Number) ?? [];
  const isCut = cut.every((status, n) => statuses[n] === status);
  if (first === "large" || isCut || statuses.includes(OUTGROWN)) {
    return { code: "archive-refused", why: `it holds more than ${mostBytes} bytes` };
  }
  if (statuses.includes(127)) return { code: "place-failed", why: `this machine lacks a program for it: ${said}` };
  const expected = good[kind];
  if (statuses.length === expected.length && expected.every((each, n) => each.includes(statuses[n] ?? -1))) return null;
  if (isFull) return { code: "homes-full", why: "the disk of the homes is full" };
  if (statuses.length === 0) return { code: "place-failed", why: said || "its tool said nothing" };
  return { code: "archive-refused", why: `it is no sound ${kind} archive${said && `: ${said}`}` };
}

/**
 * `body` is destroyed in any case. Throws EngineError: `archive-refused` when it is broken, too large or slow, else
 * `homes-full`, `place-failed`, or what the helper met; and the reason of `signal` when that is aborted.
 */
export async function unpackArchive(
  account: TaskAccount,
  archive: Archive,
  body: Readable,
  signal: AbortSignal,
): Promise<void> {
  body.on("error", () => undefined);
  const refuse = (code: Refusal, why: string): EngineError =>
    new EngineError(code, `${archive.name} cannot be unpacked: ${why}.`);
  try {
    const { kind, mostBytes, mostMs, name } = archive;
    const command = toolCommand(account.user.home, unpackLines, "unpack", [kind, String(mostBytes), name]);
    const process = await account.startWithInput(command);
    const late = AbortSignal.timeout(mostMs);
    const either = AbortSignal.any([signal, late]);
    const { reply } = await feedTool(account, process, body, mostMs, either).catch((error: unknown) => {
      signal.throwIfAborted();
      if (late.aborted) throw refuse("archive-refused", `that takes longer than ${mostMs / 60_000} minutes`);
      if (error instanceof EngineError || !body.errored) throw error;
      throw refuse("place-failed", messageOf(body.errored));
    });
    const found = verdict(archive, reply, await isDiskOfHomeFull(account.user.home));
    if (found) throw refuse(found.code, found.why);
  } finally {
    body.destroy();
  }
}
