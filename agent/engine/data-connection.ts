/**
 * The second connection of a process: the helper hands its descriptor to the process as stdin or as stdout and stderr,
 * so the kernel carries the bytes. A connection says `attach` with its ticket, waits for one byte, and then belongs to
 * the spawn that names the ticket.
 */
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { encodeFrame } from "../../shared/protocol/frames.ts";
import { ATTACHED, type Ticket } from "../../shared/protocol/messages.ts";
import { EngineError } from "./engine.ts";
import { errorCode, messageOf } from "./error-code.ts";

const ATTACH_MS = 15_000;
const READ_BYTES = 64 * 1024;

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

/** What a process writes, until its last writer has gone. Chunks are copies; backpressure reaches the process. */
export class OutputStream extends Readable {
  readonly #socket: Socket;
  readonly #attached = Promise.withResolvers<void>();
  #begun = false;

  private constructor(socketPath: string) {
    super({ highWaterMark: READ_BYTES });
    this.#socket = connect({
      path: socketPath,
      onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: (length, buffer) => this.#took(length, buffer) },
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

  /** False pauses the socket; `_read` resumes it. */
  #took(length: number, buffer: Uint8Array): boolean {
    if (this.#begun) return this.push(Buffer.from(buffer.subarray(0, length)));
    this.#begun = true;
    if (length === 1 && buffer[0] === ATTACHED) this.#attached.resolve();
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
