/**
 * The end of a command's output. A process that the command left behind may hold the stream open for ever: after the
 * command has ended the stream is read until it ends, or nothing came for a second, or ten seconds in all. Then what is
 * left is killed and the rest is read. Time spent on a full sink does not count, so nothing the command wrote is cut.
 */
import { Duplex, type Readable, type Writable } from "node:stream";
import type { Exited } from "../../shared/protocol/messages.ts";
import { Bell } from "./bell.ts";

/** In milliseconds. */
export interface DrainTimes {
  readonly quiet: number;
  readonly total: number;
  /** After the kill, without a byte: then a process of somebody else holds the stream, and it is left. */
  readonly quietAfterKill: number;
}
export const drainTimes: DrainTimes = { quiet: 1_000, total: 10_000, quietAfterKill: 5_000 };

/** `written` is called when the sink is done with the chunk. */
async function write(sink: Writable, chunk: Buffer, written: () => void): Promise<void> {
  const closed = (): Error => sink.errored ?? new Error("The output was closed before the command had ended.");
  if (sink.destroyed || sink.writableEnded) throw closed();
  if (sink.write(chunk, (error) => error || written())) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      sink.off("drain", settle).off("close", settle);
      if (sink.destroyed) reject(closed());
      else resolve();
    };
    sink.on("drain", settle).on("close", settle);
  });
}

export interface OutputCopy {
  /** `recycle` gets the chunks that the sink is done with. */
  readonly source: Readable & { recycle?(chunk: Buffer): void };
  /** Left open. */
  readonly sink: Writable;
  readonly exited: Promise<Exited>;
  /** Kills every process of the task user and resolves to their number. */
  kill(): Promise<number>;
  readonly times?: DrainTimes;
}

/** Resolves when the last byte is in the sink. Rejects when `exited` or `kill` does, or the sink is closed. */
export async function copyOutput(copy: OutputCopy): Promise<{ exited: Exited; killed: number }> {
  const { source, sink, times = drainTimes } = copy;
  const bell = new Bell(source);
  const end: { exited?: Exited; failure?: { error: unknown } } = {};
  copy.exited
    .then(
      (exited) => Object.assign(end, { exited }),
      (error: unknown) => Object.assign(end, { failure: { error } }),
    )
    .finally(() => bell.ring());
  // A stream that passes chunks on calls back before they are read: those must not be written over.
  const written = (chunk: Buffer): void => (sink instanceof Duplex ? undefined : source.recycle?.(chunk));
  let phase: "running" | "draining" | "killed" = "running";
  let until = Number.POSITIVE_INFINITY;
  let killed = 0;
  for (;;) {
    if (end.failure) throw end.failure.error;
    if (end.exited && phase === "running") {
      phase = "draining";
      until = performance.now() + times.total;
    }
    let quiet = false;
    const chunk: Buffer | null = source.read();
    if (chunk) {
      const before = performance.now();
      await write(sink, chunk, () => written(chunk));
      until += performance.now() - before;
    } else if (source.readableEnded || source.destroyed) {
      if (source.errored) throw source.errored;
      return { exited: end.exited ?? (await copy.exited), killed };
    } else if (phase === "running") {
      await bell.wait(null);
    } else {
      const quietMs = phase === "draining" ? times.quiet : times.quietAfterKill;
      quiet = !(await bell.wait(Math.min(quietMs, until - performance.now())));
    }
    if (!quiet && performance.now() < until) continue;
    if (phase === "draining") {
      killed = await copy.kill();
      phase = "killed";
      until = performance.now() + times.total;
    } else {
      source.destroy();
    }
  }
}
