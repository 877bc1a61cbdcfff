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
const READ_BYTES = 64 * 1024;
/** Smaller reads are copied, which is cheaper than another buffer. */
const COPY_BYTES = 8 * 1024;
/** Buffers that wait to be read into again: as many as the task log holds on to. */
const SPARE_BUFFERS = 16;

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
 * What a process writes, until its last writer has gone; backpressure reaches the process. Whoever reads much gives the
 * chunks back: fresh memory for every byte of a log would make the garbage collector the slowest part of its way.
 */
export class OutputStream extends Readable {
  readonly #socket: Socket;
  readonly #attached = Promise.withResolvers<void>();
  /** The buffers made here that have not been collected: only these come back to be read into. */
  readonly #own = new WeakSet<ArrayBufferLike>();
  readonly #spare: Buffer[] = [];
  #buffer = this.#newBuffer();
  #begun = false;

  private constructor(socketPath: string) {
    super({ highWaterMark: READ_BYTES });
    this.#socket = connect({
      path: socketPath,
      onread: { buffer: () => this.#buffer, callback: (length) => this.#took(length) },
    });
  }

  /** Throws EngineError `helper-lost`. */
  static async attach(socketPath: string, ticket: Ticket): Promise<OutputStream> {
    const stream = new OutputStream(socketPath);
    const socket = stream.#socket;
    await attach(socket, ticket, stream.#attached.promise);
    socket.on("end", () => stream.push(null));
    socket.on("error", (error) => {
      // A process that ends with unread input resets the connection after all of its output: that is an end.
      if (["ECONNRESET", "EPIPE"].includes(errorCode(error) ?? "")) stream.push(null);
      else stream.destroy(error);
    });
    socket.on("close", () => {
      if (!stream.readableEnded && !stream.destroyed) stream.push(null);
    });
    return stream;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** Gives back a chunk that nobody looks at any more, to be written over. A chunk that is kept is not given back. */
  recycle(chunk: Buffer): void {
    if (this.#own.has(chunk.buffer) && this.#spare.length < SPARE_BUFFERS) this.#spare.push(Buffer.from(chunk.buffer));
  }

  #newBuffer(): Buffer {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    this.#own.add(buffer.buffer);
    return buffer;
  }

  /** False pauses the socket; `_read` resumes it. The next read goes into `#buffer` as it is afterwards. */
  #took(length: number): boolean {
    const chunk = this.#buffer.subarray(0, length);
    if (this.#begun) {
      if (length < COPY_BYTES) return this.push(Buffer.from(chunk));
      this.#buffer = this.#spare.pop() ?? this.#newBuffer();
      return this.push(chunk);
    }
    this.#begun = true;
    if (length === 1 && chunk[0] === ATTACHED) this.#attached.resolve();
    else this.#attached.reject(new Error("the helper did not acknowledge it"));
    return false;
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
