/** A connection to the helper that sends whatever it is given, honest or not, and hears what comes back. */
import { connect, type Socket } from "node:net";
import type { HelperMessage } from "../../shared/protocol/helper-messages.ts";
import { ATTACHED } from "../../shared/protocol/limits.ts";
import { messageOf } from "../thrown.ts";

/** Longer than the helper lets a silent connection or an unfinished frame wait. */
const patienceMs = 8_000;
const heldBytes = 2 * 1024 * 1024;
/** Of messages that nobody has asked for yet, such as ends of processes, the newest are kept. */
const heldMessages = 1000;

export type Heard = HelperMessage | { readonly type: "silence" | "closed"; readonly data: string };

export class Wire {
  readonly #socket: Socket;
  readonly #heard: Heard[] = [];
  #text = "";
  #dropped = 0;
  #news = Promise.withResolvers<void>();
  #over: string | null = null;

  constructor(path: string) {
    this.#socket = connect(path);
    this.#socket.setEncoding("utf8");
    this.#socket.on("error", (error) => {
      this.#over ??= messageOf(error);
    });
    this.#socket.on("data", (text: string) => this.#take(text));
    this.#socket.on("close", () => {
      this.#over ??= "the helper closed the connection";
      this.#wake();
    });
  }

  get over(): boolean {
    return this.#over !== null;
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  frame(type: string, data: unknown): void {
    this.send(`${JSON.stringify({ type, data })}\f`);
  }

  /** The next message, or that none came for some seconds, or that none can come any more. */
  async next(wanted: (heard: Heard) => boolean = () => true): Promise<Heard> {
    for (const until = performance.now() + patienceMs; ; ) {
      const at = this.#heard.findIndex(wanted);
      const [found] = at === -1 ? [] : this.#heard.splice(at, 1);
      if (found) return found;
      if (this.#over !== null) return { type: "closed", data: this.#over };
      if (performance.now() > until) return { type: "silence", data: "no answer" };
      await this.#wait(until - performance.now());
    }
  }

  /** How many messages nobody can ask for any more, since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #wait(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#wake(), ms + 1);
    await this.#news.promise;
    clearTimeout(timer);
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #take(text: string): void {
    const frames = `${this.#text}${text}`.slice(-heldBytes).split("\f");
    this.#text = frames.pop() ?? "";
    for (const frame of frames) this.#heard.push(JSON.parse(frame));
    this.#dropped += this.#heard.splice(0, this.#heard.length - heldMessages).length;
    this.#wake();
  }
}

/** A data connection: what a command of a task user prints. Null when the helper did not take the ticket. */
export async function attach(path: string, ticket: string): Promise<Socket | null> {
  const socket = connect(path);
  socket.on("error", () => {});
  socket.write(`${JSON.stringify({ type: "attach", data: { ticket } })}\f`);
  // A reset is no failure here: a process that ends with unread input makes one.
  const closed = new Promise<null>((resolve) => socket.once("close", () => resolve(null)));
  const acknowledged = new Promise<Buffer>((resolve) => socket.once("readable", () => resolve(socket.read(1))));
  const first = await Promise.race([acknowledged, closed]);
  return first?.[0] === ATTACHED ? socket : null;
}
