/** A reverse proxy before the embedded queue that does what networks do, by rule or by chance from a seed. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Fault =
  /** The proxy answers; the queue hears nothing. */
  | { readonly kind: "answer"; readonly status: number; readonly headers?: Headers; readonly body?: string }
  /** The connection is reset before the queue hears of the call. */
  | { readonly kind: "reset" }
  /** The call has its effect, but its answer is lost. */
  | { readonly kind: "lose-answer" }
  /** The call has its effect, but its answer ends half-way. */
  | { readonly kind: "truncate" }
  /** Nothing is ever said, and the queue hears nothing. */
  | { readonly kind: "black-hole" }
  /** The answer comes late, in pieces. */
  | { readonly kind: "slow"; readonly ms: number }
  /** The connection is reset when half of the body was read. */
  | { readonly kind: "cut-upload" };

type Headers = Readonly<Record<string, string>>;

export interface Rule {
  readonly call: string;
  readonly fault: Fault;
  times: number;
}

/** One call and what the caller was answered; null when it got no answer of the queue. */
export interface Exchange {
  readonly call: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly answer: { readonly status: number; readonly body: string } | null;
}

/** By method and path: what the call is named in the published references; `put` is the storage's. */
const calls: readonly (readonly [name: string, method: string, path: RegExp])[] = [
  ["claimWork", "POST", /^\/api\/queue\/v1\/claim-work\//],
  ["reclaimTask", "POST", /\/reclaim$/],
  ["reportCompleted", "POST", /\/completed$/],
  ["reportFailed", "POST", /\/failed$/],
  ["reportException", "POST", /\/exception$/],
  ["createArtifact", "POST", /^\/api\/queue\/v1\/.*\/artifacts\//],
  ["finishArtifact", "PUT", /^\/api\/queue\/v1\/.*\/artifacts\//],
  ["status", "GET", /^\/api\/queue\/v1\/.*\/status$/],
  ["createUpload", "PUT", /^\/api\/object\/v1\/upload\//],
  ["finishUpload", "POST", /^\/api\/object\/v1\/finish-upload\//],
  ["put", "PUT", /^\/local\/uploads\//],
];

function callOf(method: string, path: string): string {
  return calls.find(([, verb, pattern]) => verb === method && pattern.test(path))?.[0] ?? `${method} ${path}`;
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export class FaultyProxy {
  readonly exchanges: Exchange[] = [];
  rules: Rule[] = [];
  /** A fault for the nth call (from 0) of this name, when no rule has one. */
  chance: (call: string, n: number) => Fault | null = () => null;
  /** Hears of each call that the queue has answered. */
  heard: (call: string) => void = () => {};
  /** Milliseconds by which the answers' Date is ahead of this machine's clock. */
  dateAheadMs = 0;
  readonly #target: URL;
  readonly #counts = new Map<string, number>();
  readonly #server = createServer((incoming, outgoing) => {
    const { socket } = incoming;
    // A connection that a fault ended takes its handler with it.
    this.#serve(incoming, outgoing, socket).catch(() => socket.destroy());
  });
  #port = 0;

  /** To be ended with `refuse`, after the worker has ended. */
  static async start(targetUrl: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(targetUrl);
    await proxy.listen();
    return proxy;
  }

  private constructor(targetUrl: string) {
    this.#target = new URL(targetUrl);
  }

  get rootUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Every connection ends, and new ones are refused, until `listen`. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (typeof address === "object" && address) this.#port = address.port;
  }

  named(call: string): Exchange[] {
    return this.exchanges.filter((exchange) => exchange.call === call);
  }

  #faultOf(call: string): Fault | null {
    const n = this.#counts.get(call) ?? 0;
    this.#counts.set(call, n + 1);
    const rule = this.rules.find((each) => each.call === call && each.times > 0);
    if (!rule) return this.chance(call, n);
    rule.times -= 1;
    return rule.fault;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse, socket: Socket): Promise<void> {
    const { method = "", url: path = "", headers } = incoming;
    const call = callOf(method, path);
    const fault = this.#faultOf(call);
    if (fault?.kind === "black-hole") return;
    if (fault?.kind === "reset") return void socket.resetAndDestroy();
    if (fault?.kind === "cut-upload") {
      const half = Number(headers["content-length"] ?? 0) / 2;
      let bytes = 0;
      for await (const chunk of incoming) {
        bytes += chunk.length;
        if (bytes >= half) break;
      }
      return void socket.resetAndDestroy();
    }
    const body = await read(incoming);
    const seen = { call, method, path, headers, body };
    if (fault?.kind === "answer") {
      this.exchanges.push({ ...seen, answer: null });
      outgoing.setHeader("date", new Date(Date.now() + this.dateAheadMs).toUTCString());
      outgoing.writeHead(fault.status, { "content-type": "text/plain", ...fault.headers }).end(fault.body ?? "");
      return;
    }
    const answer = await this.#forward(incoming, path, body, outgoing);
    const text = (await read(answer)).toString().replaceAll(this.#target.origin, this.rootUrl);
    const status = answer.statusCode ?? 0;
    this.exchanges.push({ ...seen, answer: fault ? null : { status, body: text } });
    this.heard(call);
    if (fault?.kind === "lose-answer") return void socket.resetAndDestroy();
    const type = answer.headers["content-type"];
    outgoing.setHeader("date", new Date(Date.now() + this.dateAheadMs).toUTCString());
    outgoing.writeHead(status, {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(status === 204 ? {} : { "content-length": Buffer.byteLength(text) }),
    });
    if (fault?.kind === "truncate") {
      outgoing.write(text.slice(0, text.length / 2));
      await sleep(20);
      return void socket.resetAndDestroy();
    }
    if (fault?.kind === "slow") {
      const pieces = 4;
      for (let n = 0; n < pieces; n++) {
        await sleep(fault.ms / pieces);
        outgoing.write(text.slice((text.length * n) / pieces, (text.length * (n + 1)) / pieces));
      }
      outgoing.end();
      return;
    }
    outgoing.end(text);
  }

  async #forward(incoming: IncomingMessage, path: string, body: Buffer, outgoing: ServerResponse) {
    const { method = "", headers } = incoming;
    const { hostname, port } = this.#target;
    const forwarded = request({ hostname, port, method, path, headers, agent: false });
    // Who waits no longer must not be given a task.
    outgoing.once("close", () => forwarded.destroy());
    forwarded.end(body);
    const [answer]: IncomingMessage[] = await once(forwarded, "response");
    if (!answer) throw new Error("no answer");
    return answer;
  }
}

/** The same fault for the same call of the same seed, whatever else happens: a run that failed can be had again. */
export function chanceOf(seed: number, share: number, faults: readonly Fault[]): FaultyProxy["chance"] {
  return (call, n) => {
    const draw = random(`${seed} ${call} ${n}`);
    if (draw() >= share) return null;
    return faults[Math.floor(draw() * faults.length)] ?? null;
  };
}

/** Numbers from 0 to 1 that follow from a text (FNV-1a, then mulberry32). */
function random(text: string): () => number {
  let state = 2_166_136_261;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
