/**
 * The second connection of a process: the helper hands its descriptor to the process as stdin or as stdout and stderr,
 * so the kernel carries the bytes. A connection says `attach` with its ticket, waits for one byte, and then belongs to
 * the spawn that names the ticket.
 */
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { encodeFrame } from "../../shared/protocol/frames.ts";
import { ATTACHED } from "../../shared/protocol/limits.ts";
import type { Ticket } from "../../shared/protocol/messages.ts";
import { errorCode, messageOf } from "../thrown.ts";
import { EngineError } from "./engine.ts";

const ATTACH_MS = 15_000;
const BUFFER_BYTES = 256 * 1024;
/** With less room than this behind what was read, the next buffer is read into. */
const LEAST_ROOM_BYTES = 64 * 1024;
/** Smaller reads are copied, which is cheaper than another buffer. */
const COPY_BYTES = 8 * 1024;
/** Full buffers that wait for the reader; then the socket waits. */
const FULL_BUFFERS = 2;
/** Buffers that wait to be read into again. */
const SPARE_BUFFERS = 4;

function attach(socket: Socket, ticket: Ticket, attached: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => {
      clearTimeout(timer);
      reject(new EngineError("helper-lost", `A data connection to the helper failed: ${message}.`));
      socket.destroy();
    };
    const timer = setTimeout(() => fail(`no acknowledgement within ${ATTACH_MS / 1000} s`), ATTACH_MS);
    const onError = (error: Error): void => fail(messageOf(error));
    const onClose = (): void => fail("it was closed before it was attached");
    // Flowing, or the end of the connection would not be heard.
    socket.on("error", onError).on("close", onClose).on("end", onClose).resume();
    const settle = (): void => {
      clearTimeout(timer);
      socket.off("error", onError).off("close", onClose).off("end", onClose);
    };
    attached.then(() => {
      settle();
      resolve();
    }, onError);
    socket.once("connect", () => socket.write(encodeFrame({ type: "attach", data: { ticket } })));
  });
}

/**
 * What a process writes, until its last writer has gone; backpressure reaches the process. One chunk is everything that
 * came since the one before, so a reader that is busy gets few and large ones. Whoever reads much gives the chunks back,
 * in order: fresh memory for every byte of a log would make the garbage collector the slowest part of its way.
 */
export class OutputStream extends Readable {
  readonly #socket: Socket;
  readonly #attached = Promise.withResolvers<void>();
  /** The chunks behind which their buffer has nothing more: when one comes back, its buffer is free. */
  readonly #last = new WeakSet<Buffer>();
  readonly #spare: ArrayBufferLike[] = [];
  readonly #full: Buffer[] = [];
  /** What is read into: `#given` bytes of it are the reader's, then come those that wait, up to `#filled`. */
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #given = 0;
  #filled = 0;
  #begun = false;
  #wanted = false;
  #ended = false;

  private constructor(socketPath: string) {
    // Nothing is buffered here beside the chunk that was asked for: what waits can grow with the next read.
    super({ highWaterMark: 0 });
    this.#socket = connect({
      path: socketPath,
      onread: { buffer: () => this.#buffer.subarray(this.#filled), callback: (length) => this.#took(length) },
    });
  }

  /** Throws EngineError `helper-lost`. */
  static async attach(socketPath: string, ticket: Ticket): Promise<OutputStream> {
    const stream = new OutputStream(socketPath);
    const socket = stream.#socket;
    await attach(socket, ticket, stream.#attached.promise);
    socket.on("end", () => stream.#end());
    socket.on("error", (error) => {
      // A process that ends with unread input resets the connection after all of its output: that is an end.
      if (["ECONNRESET", "EPIPE"].includes(errorCode(error) ?? "")) stream.#end();
      else stream.destroy(error);
    });
    socket.on("close", () => stream.#end());
    return stream;
  }

  override _read(): void {
    const chunk = this.#take();
    this.#wanted = chunk === null;
    if (chunk) this.push(chunk);
    this.#socket.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** Gives back a chunk that nobody looks at any more, to be written over. A chunk that is kept is not given back. */
  recycle(chunk: Buffer): void {
    if (this.#last.has(chunk) && this.#spare.length < SPARE_BUFFERS) this.#spare.push(chunk.buffer);
  }

  /** The oldest bytes that wait; null when there are none. */
  #take(): Buffer | null {
    const full = this.#full.shift();
    if (full) {
      this.#last.add(full);
      return full;
    }
    const waiting = this.#buffer.subarray(this.#given, this.#filled);
    if (waiting.length === 0) return null;
    this.#given = this.#filled;
    return waiting;
  }

  #end(): void {
    if (this.#ended || this.destroyed) return;
    this.#ended = true;
    for (let chunk = this.#take(); chunk; chunk = this.#take()) this.push(chunk);
    this.push(null);
  }

  /** False pauses the socket; `_read` resumes it. Only here may change where the next read goes. */
  #took(length: number): boolean {
    if (!this.#begun) {
      this.#begun = true;
      if (length === 1 && this.#buffer[0] === ATTACHED) this.#attached.resolve();
      else this.#attached.reject(new Error("the helper did not acknowledge it"));
      return false;
    }
    const wanted = this.#wanted;
    this.#wanted = false;
    if (wanted && length < COPY_BYTES) {
      this.push(Buffer.from(this.#buffer.subarray(this.#filled, this.#filled + length)));
      return true;
    }
    this.#filled += length;
    if (this.#buffer.length - this.#filled < LEAST_ROOM_BYTES) this.#takeNextBuffer();
    if (wanted) this.push(this.#take());
    return this.#full.length < FULL_BUFFERS;
  }

  #takeNextBuffer(): void {
    this.#full.push(this.#buffer.subarray(this.#given, this.#filled));
    const spare = this.#spare.pop();
    this.#buffer = spare ? Buffer.from(spare) : Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#given = 0;
    this.#filled = 0;
  }
}

/**
 * The stdin of a process to be. Nothing may be written before `spawn` is answered: until the helper has handed the
 * descriptor over it may read ahead, and what it reads is lost. Throws EngineError `helper-lost`.
 */
export async function attachInput(socketPath: string, ticket: Ticket): Promise<Socket> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  const attached = Promise.withResolvers<void>();
  socket.once("data", (bytes: Buffer) => {
    if (bytes.length === 1 && bytes[0] === ATTACHED) attached.resolve();
    else attached.reject(new Error("the helper did not acknowledge it"));
  });
  await attach(socket, ticket, attached.promise);
  // A process that does not read to the end is no error here; what it replies tells.
  socket.on("error", () => socket.destroy());
  return socket;
}
