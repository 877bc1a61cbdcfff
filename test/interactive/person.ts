/** Somebody at an interactive shell, who types and reads. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

const PATIENCE_MS = 20_000;

const classicData = Buffer.from([0, 0]);

export class Person {
  readonly socket: WebSocket;
  /** All output so far. */
  text = "";
  /** taskcluster-worker's exit message: 0 or 1. */
  exit: number | null = null;
  readonly closed: Promise<string>;
  readonly #isClassic: boolean;

  /** `url` may be an address of either protocol. */
  static async at(url: string): Promise<Person> {
    const person = new Person(new WebSocket(url.replace(/^http/, "ws")), url.includes("/taskcluster-worker"));
    await once(person.socket, "open");
    return person;
  }

  private constructor(socket: WebSocket, isClassic: boolean) {
    this.socket = socket;
    this.#isClassic = isClassic;
    this.closed = new Promise((resolve) => socket.on("close", (_code, reason) => resolve(String(reason))));
    socket.on("error", () => undefined).on("message", (data: Buffer) => this.#hear(data));
  }

  type(text: string): void {
    this.socket.send(Buffer.concat([this.#isClassic ? classicData : Buffer.from([1]), Buffer.from(text)]));
  }

  endInput(): void {
    this.socket.send(classicData);
  }

  /** generic-worker's message. */
  resize(columns: number, rows: number): void {
    const message = Buffer.from([2, 0, 0, 0, 0]);
    message.writeUInt16LE(rows, 1);
    message.writeUInt16LE(columns, 3);
    this.socket.send(message);
  }

  /** Types a line, and resolves to what the pattern finds in the output after it. */
  async ask(line: string, answer: RegExp): Promise<RegExpExecArray> {
    const from = this.text.length;
    this.type(`${line}\n`);
    return this.sees(answer, from);
  }

  async sees(answer: RegExp, from = 0): Promise<RegExpExecArray> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const said = this.text.slice(from);
      const found = answer.exec(said);
      if (found) return found;
      assert(performance.now() < deadline, `${answer} did not come, but ${JSON.stringify(said)}`);
      await sleep(20);
    }
  }

  #hear(data: Buffer): void {
    if (!this.#isClassic) this.text += data;
    else if (data[0] === 5) this.exit = data[1] ?? null;
    else if (data[0] === 0 && data.length > 2) {
      this.text += data.subarray(2);
      const used = Buffer.from([1, 1, 0, 0, 0, 0]);
      used.writeUInt32BE(data.length - 2, 2);
      this.socket.send(used);
    }
  }
}
