/** Connections in memory: a Duplex that behaves as Node's Socket does towards the helper, and the agent's end of it. */
import { EventEmitter } from "node:events";
import { Duplex } from "node:stream";
import { theMachine } from "./machine.ts";

/** The agent's end. */
export class Peer {
  /** Everything that the helper has written and nobody has taken yet. */
  text = "";
  /** The helper has ended its side, and no process holds the connection. */
  ended = false;
  readonly socket: MemorySocket;
  readonly #holders = new Set<object>();
  #helperDone = false;
  #gone = false;

  constructor() {
    this.socket = new MemorySocket(this);
  }

  send(bytes: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.push(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  }

  /** The agent closes; abruptly, when unread bytes make the kernel reset the connection. */
  close(abruptly: boolean): void {
    if (this.#gone) return;
    this.#gone = true;
    if (this.socket.destroyed) return;
    if (abruptly) this.socket.destroy(Object.assign(new Error("ECONNRESET"), { code: "ECONNRESET" }));
    else this.socket.push(null);
  }

  /** False when the agent has gone: the helper's write fails. */
  receive(bytes: Buffer): boolean {
    if (!this.#gone) this.text += bytes.toString("latin1");
    return !this.#gone;
  }

  helperEnds(): void {
    this.#helperDone = true;
    this.#look();
  }

  /** A process has a copy of the helper's descriptor until `release`. */
  hold(process: object): void {
    this.#holders.add(process);
  }

  release(process: object): void {
    this.#holders.delete(process);
    this.#look();
  }

  #look(): void {
    if (this.#helperDone && this.#holders.size === 0) this.ended = true;
  }
}

export class MemorySocket extends Duplex {
  readonly peer: Peer;

  constructor(peer: Peer) {
    super({ allowHalfOpen: true });
    this.peer = peer;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: (error?: Error) => void): void {
    if (this.peer.receive(chunk)) done();
    else done(Object.assign(new Error("EPIPE"), { code: "EPIPE" }));
  }

  override _final(done: () => void): void {
    this.peer.helperEnds();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.peer.helperEnds();
    done(error);
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }
}

class Server extends EventEmitter {
  listen(_: string, listening: () => void): this {
    theMachine().files.write(_, "");
    queueMicrotask(listening);
    return this;
  }

  close(): void {
    theMachine().network.server = undefined;
  }
}

export class Network {
  server: Server | undefined;

  connect(): Peer {
    const peer = new Peer();
    if (this.server) this.server.emit("connection", peer.socket);
    else peer.socket.destroy();
    return peer;
  }
}

/** What listen.ts calls of `node:net`. */
export function createServer(_: object, accept: (socket: MemorySocket) => void): Server {
  const server = new Server();
  server.on("connection", accept);
  theMachine().network.server = server;
  return server;
}
