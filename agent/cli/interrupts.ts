/** SIGINT, SIGTERM and the death of the starter, as two requests: stop now, and end when the work is done. */
import { type Launch, watchLifeline } from "./launch.ts";

export interface Interrupts {
  /** Aborted by the first SIGINT, or the second SIGTERM: whoever asks again does not want to wait. */
  readonly stop: AbortSignal;
  /** Aborted by the first SIGTERM, or when the starter is gone. */
  readonly drain: AbortSignal;
}

/** Why one of the two is aborted; its message names what has happened. */
class Interruption extends Error {}

/** The starter has died, and the helper that it started ends with it. */
export class StarterGone extends Error {}

/** From here on signals no longer end the process; the command has to. */
export function watchInterrupts(launch: Launch): Interrupts {
  const stop = new AbortController();
  const drain = new AbortController();
  process.on("SIGINT", () => stop.abort(new Interruption("SIGINT")));
  process.once("SIGTERM", () => {
    drain.abort(new Interruption("SIGTERM"));
    process.on("SIGTERM", () => stop.abort(new Interruption("a second SIGTERM")));
  });
  process.on("SIGHUP", () => drain.abort(new Interruption("SIGHUP")));
  const gone = launch.helper ? new StarterGone() : new Interruption("the end of the starter");
  watchLifeline(launch, () => drain.abort(gone));
  return { stop: stop.signal, drain: drain.signal };
}

/** Resolves when one of the signals is aborted. */
export function aborted(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  return new Promise((resolve) => {
    if (any.aborted) resolve();
    else any.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Calls `action` once, when the signal is aborted or at once when it is already. */
export function whenAborted(signal: AbortSignal, action: () => void): void {
  if (signal.aborted) action();
  else signal.addEventListener("abort", action, { once: true });
}
