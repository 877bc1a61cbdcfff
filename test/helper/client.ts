/**
 * A raw client of the helper's protocol for tests: it can send any bytes, and checks every message that comes back
 * against its schema. It knows nothing of node-ipc.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import { timeoutsMs } from "../../agent/engine/helper-client.ts";
import type { Fatal, HelperMessage, Refused } from "../../shared/protocol/helper-messages.ts";
import { ATTACHED, PROTOCOL } from "../../shared/protocol/limits.ts";
import type {
  Answers,
  Exited,
  ProcessId,
  RequestName,
  Requests,
  Ticket,
  UserId,
} from "../../shared/protocol/messages.ts";
import { helperSchemas } from "../../shared/protocol/schemas.ts";
import { within } from "./wait.ts";

const ajv = new Ajv2020({ strictTypes: false, allowUnionTypes: true });
const checks = new Map(Object.entries(helperSchemas).map(([type, schema]) => [type, ajv.compile(schema)]));

function parse(text: string): HelperMessage {
  const message: { type: string; data: unknown } = JSON.parse(text);
  const check = checks.get(message.type);
  if (!check?.(message.data)) throw new Error(`the helper sent what no schema allows: ${text}`);
  return message as HelperMessage; // checked: the line above
}

/** The helper answered a request with `refused`. */
export class RefusedError extends Error {
  readonly code: string;
  constructor({ request, code, message }: Refused) {
    super(`${request} refused: ${code}: ${message}`);
    this.code = code;
  }
}

/** The helper ended the connection; `code` is that of its `fatal`, or undefined when it said nothing. */
export class EndedError extends Error {
  readonly code: string | undefined;
  constructor(fatal: Fatal | undefined) {
    super(fatal ? `fatal: ${fatal.code}: ${fatal.message}` : "the connection ended without a word");
    this.code = fatal?.code;
  }
}

export interface Data {
  readonly ticket: Ticket;
  readonly socket: Socket;
  /** Everything that comes after the acknowledgement, to the end of the stream. */
  readonly all: Promise<Buffer>;
}

export interface Run {
  readonly exited: Exited;
  readonly output: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly stdin?: Ticket;
}

type Without<T> = Omit<T, "id">;
export const path = "/usr/bin:/bin:/usr/sbin:/sbin";

export class Client {
  readonly socket: Socket;
  readonly messages: HelperMessage[] = [];
  /** Resolves when the connection has ended, to the helper's last word, if any. */
  readonly ended: Promise<Fatal | undefined>;
  readonly #path: string;
  readonly #news = new Set<() => void>();
  #over = false;
  #id = 0;
  #text = "";

  private constructor(path: string) {
    this.#path = path;
    this.socket = connect(path);
    this.socket.setEncoding("utf8");
    this.socket.on("error", () => {}); // A test looks at `ended`.
    this.socket.on("data", (text: string) => this.#receive(text));
    this.ended = new Promise((resolve) => {
      this.socket.once("close", () => {
        this.#over = true;
        resolve(this.#lastWord());
        for (const look of [...this.#news]) look();
      });
    });
  }

  static async open(path: string): Promise<Client> {
    const client = new Client(path);
    await within(once(client.socket, "connect"), "a connection");
    return client;
  }

  /** Connected and greeted. */
  static async hello(path: string): Promise<Client> {
    const client = await Client.open(path);
    await client.request("hello", { protocol: PROTOCOL });
    return client;
  }

  #lastWord(): Fatal | undefined {
    return this.messages.find((message) => message.type === "fatal")?.data;
  }

  #receive(text: string): void {
    const frames = `${this.#text}${text}`.split("\f");
    this.#text = frames.pop() ?? "";
    this.messages.push(...frames.map(parse));
    for (const look of [...this.#news]) look();
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Any message, honest or not. */
  frame(type: string, data: unknown): void {
    this.send(`${JSON.stringify({ type, data })}\f`);
  }

  /** The first message for which `pick` gives something. Rejects with EndedError when the connection ends before. */
  until<T>(pick: (message: HelperMessage) => T | undefined, what: string, ms?: number): Promise<T> {
    const waiting = Promise.withResolvers<T>();
    let seen = 0;
    const look = (): void => {
      for (; seen < this.messages.length; seen += 1) {
        const message = this.messages[seen];
        const picked = message && pick(message);
        if (picked !== undefined) waiting.resolve(picked);
      }
      if (this.#over) waiting.reject(new EndedError(this.#lastWord()));
    };
    this.#news.add(look);
    look();
    return within(waiting.promise, what, ms).finally(() => this.#news.delete(look));
  }

  /** Sends a request without waiting; `reply` waits. */
  ask<N extends RequestName>(type: N, data: Without<Requests[N]>): number {
    this.#id += 1;
    this.frame(type, { id: this.#id, ...data });
    return this.#id;
  }

  /** The result of a request. Rejects with RefusedError or EndedError. */
  async reply<N extends RequestName>(type: N, id: number): Promise<Answers[N]> {
    const message = await this.until(
      (each) => ((each.type === "answer" || each.type === "refused") && each.data.id === id ? each : undefined),
      `the answer to ${type}`,
      timeoutsMs[type],
    );
    if (message.type === "refused") throw new RefusedError(message.data);
    if (message.data.request !== type) throw new Error(`${type} was answered as ${message.data.request}`);
    return message.data.result as Answers[N]; // checked: by its schema, and the line above
  }

  request<N extends RequestName>(type: N, data: Without<Requests[N]>): Promise<Answers[N]> {
    return this.reply(type, this.ask(type, data));
  }

  /** A data connection that the helper has acknowledged. Rejects with EndedError when it says no. */
  async attach(): Promise<Data> {
    const { ticket } = await this.request("ticket", {});
    return attachWith(this.#path, ticket);
  }

  exited(process: ProcessId): Promise<Exited> {
    return this.until(
      (message) => (message.type === "exited" && message.data.process === process ? message.data : undefined),
      "the end of a process",
    );
  }

  /** Runs a command to its end, with both of its output streams collected. */
  async run(user: UserId, argv: string[], { env = { PATH: path }, ...more }: RunOptions = {}): Promise<Run> {
    const output = await this.attach();
    const { process } = await this.request("spawn", { user, argv, env, output: output.ticket, ...more });
    const [exited, bytes] = [await this.exited(process), await within(output.all, "the end of the output")];
    return { exited, output: bytes.toString("utf8") };
  }

  /** Starts a command and resolves when it has printed a line, to that line. */
  async start(user: UserId, argv: string[], env: Record<string, string> = { PATH: path }): Promise<Started> {
    const output = await this.attach();
    const line = Promise.withResolvers<string>();
    let text = "";
    output.socket.on("data", (bytes: Buffer) => {
      text += bytes;
      if (text.includes("\n")) line.resolve(text.slice(0, text.indexOf("\n")));
    });
    const { process, pid } = await this.request("spawn", { user, argv, env, output: output.ticket });
    return { process, pid, line: await within(line.promise, `a line of ${argv.join(" ")}`), output };
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.ended;
  }
}

export interface Started {
  readonly process: ProcessId;
  readonly pid: number;
  readonly line: string;
  readonly output: Data;
}

/** Shows a ticket on a connection of its own. Rejects with EndedError when the helper does not take it. */
export async function attachWith(path: string, ticket: string): Promise<Data> {
  const socket = connect(path);
  const chunks: Buffer[] = [];
  const acknowledged = Promise.withResolvers<void>();
  const all = new Promise<Buffer>((resolve) => {
    socket.on("close", () => {
      const bytes = Buffer.concat(chunks);
      const text = bytes.toString("utf8").replace(/\f$/, "");
      acknowledged.reject(new EndedError(text.startsWith("{") ? (parse(text).data as Fatal) : undefined)); // of a fatal
      resolve(bytes.subarray(1));
    });
  });
  socket.on("error", () => {}); // "close" follows.
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (chunks[0]?.[0] === ATTACHED) acknowledged.resolve();
  });
  socket.write(`${JSON.stringify({ type: "attach", data: { ticket } })}\f`);
  await within(acknowledged.promise, "the acknowledgement of a ticket");
  return { ticket: ticket as Ticket, socket, all }; // checked: the helper has just taken it
}

/** Rejects unless `promise` rejects with this code, of a `refused` or of a `fatal`. */
export async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const got = error instanceof RefusedError || error instanceof EndedError ? error.code : undefined;
  if (got !== code) throw new Error(`expected ${code}, got ${error instanceof Error ? error.message : "an answer"}`);
}
