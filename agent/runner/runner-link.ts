/** The connection to worker-runner, which has started us: its messages come on our stdin, ours go to stdout. */
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { LineSplitter } from "./line-splitter.ts";
import { type Capability, capabilities, type FromRunner, fromLine, type ToRunner, toLine } from "./message.ts";

/** A certificate names every scope; nothing that worker-runner sends is nearly as long. */
const LONGEST_LINE = 1024 * 1024;
/** More than so many bytes are not held for a worker-runner that reads nothing: log lines are then dropped. */
const MOST_UNREAD = 1024 * 1024;
const MOST_EARLY = 100;
const CLOSE_MS = 5_000;

export class RunnerLink {
  readonly #output: Writable;
  readonly #gone = new AbortController();
  readonly #welcomed = Promise.withResolvers<boolean>();
  #shared: ReadonlySet<Capability> = new Set();
  #early: FromRunner[] = [];
  #listener: ((message: FromRunner) => void) | null = null;
  #dropped = 0;

  /** Reads from now on. */
  constructor(input: Readable, output: Writable) {
    this.#output = output;
    const tooLong = () => this.#tell({ type: "unusable", why: `it is longer than ${LONGEST_LINE} bytes` });
    const lines = new LineSplitter(LONGEST_LINE, (line) => this.#take(line), tooLong);
    input.on("data", (chunk: Buffer) => lines.take(chunk));
    for (const end of ["end", "close", "error"]) input.on(end, () => this.#end());
    output.on("error", () => this.#end());
  }

  /** Aborted when worker-runner has closed its side, or reads nothing more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Waits for the welcome. False when none comes in time. */
  async met(ms: number): Promise<boolean> {
    const late = new AbortController();
    const timeout = sleep(ms, false, { signal: late.signal }).catch(() => false);
    const met = await Promise.race([this.#welcomed.promise, timeout]);
    late.abort();
    return met;
  }

  /** The one who hears what worker-runner says, and what it has said since the welcome. */
  listen(listener: (message: FromRunner) => void): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener(message);
  }

  /** Whether both sides know of it, and worker-runner is there. */
  can(capability: Capability): boolean {
    return this.#shared.has(capability) && !this.gone.aborted;
  }

  /** False when it was not sent; a line that worker-runner has no room for counts as sent. */
  log(body: Readonly<Record<string, unknown>>): boolean {
    if (!this.can("log")) return false;
    if (this.#output.writableLength > MOST_UNREAD) {
      this.#dropped += 1;
      return true;
    }
    if (this.#dropped > 0) {
      const textPayload = `${this.#dropped} lines of the log were dropped, because worker-runner did not read them.`;
      this.#dropped = 0;
      this.#send({ type: "log", body: { textPayload } });
    }
    this.#send({ type: "log", body });
    return true;
  }

  /** worker-manager shows it among the errors of the worker pool. */
  reportError(description: string, extra: Readonly<Record<string, string>>): void {
    if (!this.can("error-report")) return;
    this.#send({ type: "error-report", kind: "worker-error", title: "taskcluster-worker error", description, extra });
  }

  /** Asks worker-runner to have the machine shut down. */
  shutDown(): void {
    if (this.can("shutdown")) this.#send({ type: "shutdown" });
  }

  /** Waits until worker-runner has read everything, or for a while. */
  async close(): Promise<void> {
    if (this.#output.destroyed) return;
    const late = new AbortController();
    const flushed = new Promise<true>((resolve) => this.#output.write("", () => resolve(true)));
    const timeout = sleep(CLOSE_MS, false, { signal: late.signal }).catch(() => false);
    if (!(await Promise.race([flushed, timeout]))) this.#output.destroy();
    late.abort();
  }

  #take(line: string): void {
    const message = fromLine(line);
    if (message.type !== "welcome") {
      this.#tell(message);
      return;
    }
    this.#shared = new Set(capabilities.filter((capability) => message.capabilities.includes(capability)));
    this.#send({ type: "hello", capabilities: [...this.#shared] });
    this.#welcomed.resolve(true);
  }

  #tell(message: FromRunner): void {
    if (this.#listener) this.#listener(message);
    else if (this.#early.length < MOST_EARLY) this.#early.push(message);
  }

  #send(message: ToRunner): void {
    if (!this.#output.destroyed) this.#output.write(toLine(message));
  }

  #end(): void {
    this.#gone.abort();
    this.#welcomed.resolve(false);
  }
}
