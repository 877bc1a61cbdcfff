/**
 * One client at one shell. Nothing is kept for either side: output is read from the shell when the client has room, and the
 * client is heard when the shell has room. A client that shows no sign of life is left.
 */
import { Writable } from "node:stream";
import type { WebSocket } from "ws";
import type { Shell, ShellEnd } from "../engine/engine.ts";
import { messageOf } from "../thrown.ts";
import { endText, type ShellProtocol } from "./protocol.ts";

/** In milliseconds. */
export interface SessionTimes {
  readonly ping: number;
  /** Neither a message nor a pong came, nor was output taken, for so long. */
  readonly silence: number;
  /** For the rest of the output, once the shell is killed: a task does not wait for a client that reads nothing but talks. */
  readonly farewell: number;
}
const sessionTimes: SessionTimes = { ping: 15_000, silence: 45_000, farewell: 5_000 };

/** Answers to pings wait for a client that does not read: no more than so many bytes. */
const MOST_WAITING_BYTES = 16 * 1024;
/** A close frame has room for 123 bytes. */
const MOST_REASON_CHARACTERS = 100;
const normal = 1000;
const failed = 1011;

export class ShellSession {
  readonly #socket: WebSocket;
  readonly #protocol: ShellProtocol;
  readonly #times: SessionTimes;
  readonly #sink: Writable;
  #opened: Shell | null = null;
  #killed = false;
  #lastLife = performance.now();
  /** Bytes of output that the client has not said to have used. */
  #unused = 0;
  #roomAgain: (() => void) | null = null;
  /** Bytes of input that were taken, and the client was not told. */
  #taken = 0;
  #telling = false;

  constructor(socket: WebSocket, protocol: ShellProtocol, times = sessionTimes) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#times = times;
    this.#sink = this.#newSink();
  }

  /** Until there is no shell any more: it ended, or was killed because the client left. Resolves to how. Never throws. */
  async run(open: () => Promise<Shell>): Promise<string> {
    const socket = this.#socket;
    // What the client says before there is a shell waits on its way.
    socket.pause();
    const beat = setInterval(() => this.#beat(), this.#times.ping);
    socket.on("close", () => {
      clearInterval(beat);
      void this.kill();
    });
    socket.on("error", () => socket.terminate());
    try {
      const opened = await open();
      this.#opened = opened;
      if (this.#killed) await this.kill();
      this.#listen(opened);
      const end = await this.#copyOutput(opened);
      for (const message of this.#protocol.end(end)) socket.send(message, () => undefined);
      return this.#close(normal, endText(end));
    } catch (error) {
      return this.#close(failed, `it could not be opened: ${messageOf(error)}`);
    }
  }

  /** Ends the shell; the client is told. Any number of calls. */
  async kill(): Promise<void> {
    if (!this.#killed) setTimeout(() => this.#sink.destroy(), this.#times.farewell).unref();
    this.#killed = true;
    this.#roomAgain?.();
    await this.#opened?.kill().catch(() => undefined); // A helper that cannot kill now ends every process by itself.
  }

  #listen(opened: Shell): void {
    const socket = this.#socket;
    socket.on("message", (data, isBinary) => {
      this.#lastLife = performance.now();
      if (isBinary && Buffer.isBuffer(data)) this.#heard(data, opened);
    });
    socket.on("pong", () => {
      this.#lastLife = performance.now();
    });
    socket.on("ping", (data) => {
      this.#lastLife = performance.now();
      if (socket.bufferedAmount < MOST_WAITING_BYTES) socket.pong(data);
    });
    opened.input.on("drain", () => socket.resume());
    // A program that closes its stdin is no reason to deafen its client.
    opened.input.on("error", () => socket.resume()).on("close", () => socket.resume());
    socket.resume();
  }

  #heard(data: Buffer, opened: Shell): void {
    const message = this.#protocol.read(data);
    if (!message) return;
    switch (message.kind) {
      case "input":
        this.#write(message.bytes, opened.input);
        break;
      case "input-end":
        opened.input.end();
        break;
      case "size":
        opened.resize(message.size);
        break;
      case "used":
        this.#unused = Math.max(0, this.#unused - message.bytes);
        this.#roomAgain?.();
        break;
      case "abort":
        void this.kill();
        break;
      default:
        message satisfies never;
    }
  }

  #write(bytes: Buffer, input: Writable): void {
    if (bytes.length === 0 || input.destroyed || input.writableEnded) return;
    const hasRoom = input.write(bytes, (error) => {
      if (!error) this.#tellTaken(bytes.length);
    });
    if (!hasRoom) this.#socket.pause();
  }

  /** One message at a time, about all there is to tell: a client that does not read is not told more and more. */
  #tellTaken(bytes: number): void {
    this.#taken += bytes;
    const message = this.#telling ? null : this.#protocol.inputTaken(this.#taken);
    if (!message) return;
    this.#telling = true;
    this.#taken = 0;
    this.#socket.send(message, (error) => {
      this.#telling = false;
      if (!error && this.#taken > 0) this.#tellTaken(0);
    });
  }

  /** Takes a chunk when the one before has left this process. */
  #newSink(): Writable {
    const sink = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => {
        this.#send(chunk).then(() => done(), done);
      },
    });
    return sink.on("error", () => undefined); // Whoever writes to it hears of it.
  }

  async #send(chunk: Buffer): Promise<void> {
    const { mostBytes, window } = this.#protocol;
    for (let at = 0; at < chunk.length; at += mostBytes) {
      const piece = chunk.subarray(at, at + mostBytes);
      while (window !== null && this.#unused + piece.length > window) await this.#room();
      if (window !== null) this.#unused += piece.length;
      await this.#sendMessage(this.#protocol.output(piece));
      this.#lastLife = performance.now();
    }
  }

  /** Resolves when the client has used something. Rejects when that does not matter any more. */
  async #room(): Promise<void> {
    if (!this.#killed) {
      await new Promise<void>((resolve) => {
        this.#roomAgain = resolve;
      });
      this.#roomAgain = null;
    }
    if (this.#killed) throw new Error("The shell was ended.");
  }

  #sendMessage(message: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(message, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  async #copyOutput(opened: Shell): Promise<ShellEnd> {
    const byWorker: ShellEnd = { code: null, signal: null };
    try {
      const end = await opened.copyOutput(this.#sink);
      return this.#killed ? byWorker : end;
    } catch {
      // The client is gone or has ended it, or the helper is lost: the run says what there is to say.
      return byWorker;
    } finally {
      await this.kill();
    }
  }

  /** The connection ends 30 s later, whatever the client does. */
  #close(code: number, reason: string): string {
    this.#socket.close(code, reason.slice(0, MOST_REASON_CHARACTERS));
    this.#socket.resume(); // The client has to be heard for its answer.
    return reason;
  }

  /** A client that cannot be heard because its shell takes no input has no sign of life either: a bound for that, too. */
  #beat(): void {
    if (performance.now() - this.#lastLife > this.#times.silence) this.#socket.terminate();
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }
}
