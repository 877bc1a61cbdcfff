/** One of our own tools that reads bytes of the agent's on its stdin, as a process of the task user. */
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { TaskAccount } from "./task-account.ts";
import { replyOf, TOOL_IDLE_MS } from "./user-tool.ts";

export type FedProcess = Awaited<ReturnType<TaskAccount["startWithInput"]>>;

export interface Fed {
  /** All that the tool said, at most 4 KiB. */
  readonly reply: string;
  /** Bytes that were sent before the end, or before the tool went away. */
  readonly sent: number;
}

function drained(input: Socket, idleMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      input.off("drain", onDrain).off("close", onDrain);
      if (error) reject(error);
      else resolve();
    };
    const onDrain = (): void => settle();
    const timer = setTimeout(() => settle(new Error("its writer takes nothing any more")), idleMs);
    input.on("drain", onDrain).on("close", onDrain);
  });
}

/** Rejects as `body` does. */
async function send(body: Readable, input: Socket, idleMs: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) {
    const buffer: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    if (input.destroyed) return bytes;
    bytes += buffer.length;
    if (!input.write(buffer)) await drained(input, idleMs);
  }
  input.end();
  return bytes;
}

/**
 * Throws EngineError, what `body` was destroyed with, the reason of `signal`, or an Error when the tool takes nothing for
 * `endMs`, or has not ended so long after its last byte. A tool that was not heard to its end is killed.
 */
export async function feedTool(
  account: TaskAccount,
  process: FedProcess,
  body: Readable,
  endMs = TOOL_IDLE_MS,
  signal?: AbortSignal,
): Promise<Fed> {
  // Listened to from the start, so that a tool that fails at once is heard; it is silent while the body comes.
  const replied = replyOf(account, process, null);
  replied.catch(() => undefined);
  let hung: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    body.destroy(signal?.reason);
    process.output.destroy(signal?.reason);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    const sent = await send(body, process.input, endMs);
    hung = setTimeout(() => process.output.destroy(new Error("its writer does not end")), endMs);
    return { reply: await replied, sent };
  } catch (error) {
    // Before its input ends: it must not take a part of the file for the whole.
    await account.killProcess(process.id);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(hung);
    process.input.destroy();
    process.output.destroy();
  }
}
