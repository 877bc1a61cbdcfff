/**
 * Our own tools that touch a task user's files: constant lines of bash (macOS has 3.2), run as that task user. Names and
 * paths are arguments, never part of the lines.
 */

import { messageOf } from "../thrown.ts";
import { chunksOf } from "./bell.ts";
import { EngineError } from "./engine.ts";
import type { Command, TaskAccount, TaskProcess } from "./task-account.ts";

const TOOL_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";
/** A tool that has all it needs and does nothing for so long, in milliseconds, hangs. */
export const TOOL_IDLE_MS = 60_000;
const REPLY_BYTES = 4096;

/** `name` is what the lines see as $0. */
export function toolCommand(home: string, lines: string, name: string, args: readonly string[]): Command {
  return {
    argv: ["/bin/bash", "--norc", "--noprofile", "-c", lines, name, ...args],
    env: { PATH: TOOL_PATH, LC_ALL: "C", HOME: home },
  };
}

/** All that a tool says, at most 4 KiB. Throws EngineError when it says nothing new for `idleMs`; the tool is then killed. */
export async function replyOf(account: TaskAccount, process: TaskProcess, idleMs: number | null): Promise<string> {
  let reply = Buffer.alloc(0);
  try {
    for await (const chunk of chunksOf(process.output, idleMs)) {
      reply = Buffer.concat([reply, chunk]).subarray(0, REPLY_BYTES);
    }
  } catch (error) {
    await account.killProcess(process.id);
    throw new EngineError("place-failed", `A tool in the home of ${account.user.name} hung: ${messageOf(error)}.`);
  }
  if (account.lost.aborted) throw account.lost.reason;
  return reply.toString("utf8");
}
