/**
 * The rules of our own output.
 *
 *  1. stdout carries what was asked for and nothing else: a task's log, ids, a schema; with --json one object a line.
 *  2. stderr is for people: one line a step, one sentence an error, and an error says what to do about it.
 *  3. A step starts with what it is about (`task 2: claimed`); an error starts with `taskcluster-worker: `.
 *  4. Colour only on a terminal, never with NO_COLOR or TERM=dumb; no cursor tricks, no progress bars anywhere.
 *  5. Hints that only help somebody who sits there are left out when stderr is no terminal.
 *  6. Bytes that come from a task or the network never reach a terminal as control sequences on stderr.
 *  7. A reader that goes away (`| head`) ends the output, not the work.
 */
import type { Writable } from "node:stream";

export interface Say {
  /** A step, on stderr. */
  step(text: string): void;
  /** What somebody at a terminal may like to know; nothing when stderr is no terminal. */
  hint(text: string): void;
  /** A prompt, on stderr, for somebody at a terminal; nothing when stderr is none. */
  ask(text: string): void;
  /** An error, on stderr. */
  error(text: string): void;
  /** What was asked for, on stdout, as it is. Resolves when stdout takes more. */
  out(text: string | Uint8Array): Promise<void>;
}

interface Stream extends Writable {
  readonly isTTY?: boolean;
}

const gray = (text: string) => `\x1b[90m${text}\x1b[39m`;
const red = (text: string) => `\x1b[31m${text}\x1b[39m`;

/** Without control characters: a terminal shows it and does nothing else. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd");
}

/** `env` is asked for NO_COLOR and TERM only. */
export function createSay(stdout: Stream, stderr: Stream, env: Readonly<Record<string, string | undefined>>): Say {
  const colour = stderr.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  let deaf = false;
  const goneAway = () => {
    deaf = true;
  };
  stdout.on("error", goneAway);
  stderr.on("error", () => {});
  const line = (text: string) => stderr.write(`${text}\n`);
  return {
    step: (text) => line(colour ? gray(printable(text)) : printable(text)),
    hint: (text) => {
      if (stderr.isTTY === true) line(colour ? gray(printable(text)) : printable(text));
    },
    ask: (text) => {
      if (stderr.isTTY === true) stderr.write(printable(text));
    },
    error: (text) => line(`${colour ? red("taskcluster-worker:") : "taskcluster-worker:"} ${printable(text)}`),
    out: async (text) => {
      if (deaf || stdout.write(text)) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          stdout.off("drain", done);
          stdout.off("error", done);
          stdout.off("close", done);
          resolve();
        };
        stdout.on("drain", done).on("error", done).on("close", done);
      });
    },
  };
}

/** Waits until both streams have taken everything that was written to them, so that the process may end. */
export async function flush(...streams: readonly Writable[]): Promise<void> {
  for (const stream of streams) {
    if (stream.destroyed || stream.errored) continue;
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}
