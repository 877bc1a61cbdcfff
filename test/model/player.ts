/** Plays the steps of a sequence on a wire, and tells the reference what is sent, what comes, and what closes. */

import type { HelperMessage } from "../../shared/protocol/helper-messages.ts";
import { limits, PROTOCOL } from "../../shared/protocol/limits.ts";
import type { Connection, Frame } from "./held.ts";
import { junk } from "./junk.ts";
import type { Reference } from "./reference.ts";
import type { Ask, Pick, Step } from "./steps.ts";
import type { Tally } from "./tally.ts";

/** The agent's end of one connection. */
export interface Line {
  send(bytes: string | Uint8Array): void;
  close(abruptly: boolean): void;
}

export interface Wire {
  open(told: Listener): Line;
  /** Lets everything happen that is due. */
  settle(): Promise<void>;
}

/** How a connection's news reach the player. */
export interface Listener {
  message(message: HelperMessage): void;
  acknowledged(): void;
  closed(): void;
}

const unknown = "ffffffffffffffffffffffffffffffff";
const tooLong = Array.from({ length: 4 }, () => "x".repeat(limits.argvEnvBytes / 4));

/** Most numbers name one of `first`, some one of `second`, one nobody. */
function choose<T>(at: Pick, first: readonly T[], second: readonly T[]): T | undefined {
  if (at === 15) return undefined;
  const from = (at < 12 && first.length > 0) || second.length === 0 ? first : second;
  return from[at % Math.max(1, from.length)];
}

export class Player {
  readonly reference: Reference;
  /** What was sent and what came, for people: made into text only when somebody wants to read it. */
  readonly #transcript: (() => string)[] = [];
  readonly #wire: Wire;
  readonly #tally: Tally;
  readonly #lines = new Map<Connection, Line>();
  /** Replaces the model's names of commands by what the machine runs. */
  readonly #argv: (command: string) => string[];
  #id = 0;

  constructor(wire: Wire, reference: Reference, tally: Tally, argv: (command: string) => string[]) {
    this.#wire = wire;
    this.reference = reference;
    this.#tally = tally;
    this.#argv = argv;
  }

  note(line: () => string): void {
    this.#transcript.push(line);
  }

  get transcript(): string[] {
    return this.#transcript.map((line) => line().slice(0, 400));
  }

  connect(): Connection {
    const { reference } = this;
    const connection = reference.opened();
    const { number } = connection;
    this.note(() => `connection ${number} opens`);
    const line = this.#wire.open({
      message: (message) => {
        this.note(() => `  ${number} < ${message.type} ${JSON.stringify(message.data)}`);
        reference.received(connection, message);
      },
      acknowledged: () => {
        this.note(() => `  ${number} < taken`);
        reference.acknowledged(connection);
      },
      closed: () => {
        this.note(() => `  ${number} < closed`);
        reference.closed(connection);
      },
    });
    this.#lines.set(connection, line);
    return connection;
  }

  /** 0: the control connection, which is opened if there is none; else one of the open ones. */
  async #connectionAt(on: Pick): Promise<Connection> {
    const open = this.reference.connections.filter(({ role, left }) => role !== "closed" && !left);
    const chosen = on === 0 ? this.reference.control : open[on % Math.max(1, open.length)];
    return chosen && !chosen.left ? chosen : on === 0 ? this.session() : this.connect();
  }

  /** An agent asks for a user, or for a ticket, before it names one. Else nearly every connection would end early. */
  #sensible(ask: Ask): Ask {
    const { control } = this.reference;
    const of = (all: Iterable<{ state: string }> = []): boolean => [...all].some(({ state }) => state !== "over");
    if ("user" in ask && ask.user < 12 && control?.greeted && !of(control.users.values()))
      return { ask: "createUser", reuse: false };
    if (ask.ask === "attach" && ask.ticket < 12 && !of(control?.tickets.values())) return { ask: "ticket" };
    if (ask.ask !== "spawn") return ask;
    const attached = [...(control?.tickets.values() ?? [])].some(({ state }) => state === "attached");
    const named = (at: Pick | null): Pick | null => (at !== null && at < 12 && !attached ? null : at);
    return { ...ask, stdin: named(ask.stdin), output: named(ask.output) };
  }

  #user(at: Pick): string {
    const { control, users } = this.reference;
    const own = [...(control?.users.values() ?? [])].filter(({ state }) => state !== "over");
    return (
      choose(
        at,
        own,
        users.filter((user) => !own.includes(user)),
      )?.id ?? unknown
    );
  }

  #ticket(at: Pick, state: "given" | "attached"): string {
    const { control, tickets } = this.reference;
    const own = tickets.filter((ticket) => ticket.owner === control && ticket.state === state);
    return (
      choose(
        at,
        own,
        tickets.filter((ticket) => !own.includes(ticket)),
      )?.id ?? unknown
    );
  }

  #process(at: Pick): string {
    const { control, processes } = this.reference;
    const own = processes.filter(({ id, exited }) => control?.processes.has(id) && !exited);
    return (
      choose(
        at,
        own,
        processes.filter((process) => !own.includes(process)),
      )?.id ?? unknown
    );
  }

  /** The frame of an ask, as it is meant and in bytes. */
  #frame(ask: Ask): { frame: Frame; bytes: string | Uint8Array; id: number } {
    this.#id += 1;
    const id = this.#id;
    if (ask.ask === "junk") return { ...junk(ask.kind), id };
    const data = ask.ask === "attach" ? { ticket: this.#ticket(ask.ticket, "given") } : { id, ...this.#data(ask) };
    const wrong = ask.ask === "spawn" && ask.odd === "long" ? "message-invalid" : undefined;
    const frame: Frame = { type: ask.ask, data, ...(wrong && { wrong }) };
    return { frame, bytes: `${JSON.stringify({ type: ask.ask, data })}\f`, id };
  }

  #data(ask: Exclude<Ask, { ask: "junk" | "attach" }>): Record<string, unknown> {
    switch (ask.ask) {
      case "hello":
        return { protocol: ask.protocol };
      case "createUser":
        return ask.reuse ? { reuse: unknown } : {};
      case "ticket":
        return {};
      case "killUser":
        return { user: this.#user(ask.user) };
      case "deleteUser":
        return { user: this.#user(ask.user), ...(ask.park && { park: true }) };
      case "signal":
        return { process: this.#process(ask.process), signal: ask.signal };
      case "spawn": {
        const { stdin, output, odd, command } = ask;
        const argv = odd === "long" ? tooLong : this.#argv(command);
        return {
          user: this.#user(ask.user),
          argv,
          env: { PATH: "/usr/bin:/bin" },
          ...(stdin !== null && { stdin: this.#ticket(stdin, "attached") }),
          ...(output !== null && { output: this.#ticket(output, "attached") }),
          ...(odd === "graphical" && { graphical: true }),
        };
      }
    }
  }

  /** Sends frames on one connection in one piece, or each in two. */
  async send(connection: Connection, asks: readonly Ask[], pieces = false): Promise<void> {
    const line = this.#lines.get(connection);
    if (!line) return;
    const texts: Buffer[] = [];
    for (const meant of asks) {
      const ask = connection === this.reference.control ? this.#sensible(meant) : meant;
      const { frame, bytes, id } = this.#frame(ask);
      this.#tally.requests += 1;
      this.note(() => `${connection.number} > ${ask.ask === "junk" ? JSON.stringify(`${bytes}`) : `${bytes}`}`);
      const whole = Buffer.from(bytes);
      if (pieces) {
        const half = whole.length / 2;
        if (half >= 1) line.send(whole.subarray(0, half));
        await this.#wire.settle();
        this.reference.sent(connection, id, frame);
        line.send(whole.subarray(half));
        await this.#wire.settle();
      } else {
        this.reference.sent(connection, id, frame);
        texts.push(whole);
      }
    }
    if (texts.length > 0) line.send(Buffer.concat(texts));
    await this.#wire.settle();
  }

  close(connection: Connection, abruptly: boolean): void {
    if (connection.left) return;
    this.note(() => `connection ${connection.number} is closed by the agent${abruptly ? ", abruptly" : ""}`);
    this.reference.left(connection);
    this.#lines.get(connection)?.close(abruptly);
  }

  async session(): Promise<Connection> {
    const connection = this.connect();
    await this.#wire.settle();
    await this.send(connection, [{ ask: "hello", protocol: PROTOCOL }]);
    return connection;
  }

  /** Plays a step that needs nothing but the wire. False for any other. */
  async play(step: Step): Promise<boolean> {
    if (step.do === "session") await this.session();
    else if (step.do === "connect") this.connect();
    else if (step.do === "send") await this.send(await this.#connectionAt(step.on), step.asks, step.pieces);
    else if (step.do === "attach") await this.#attach(step.ticket);
    else if (step.do === "tear") {
      const connection = await this.#connectionAt(step.on);
      this.note(() => `${connection.number} > the beginning of a frame`);
      this.reference.tore(connection);
      this.#lines.get(connection)?.send('{"type":"tick');
    } else if (step.do === "close") this.close(await this.#connectionAt(step.on), step.abruptly);
    else if (step.do === "crowd") await this.#crowd(step.of);
    else return false;
    await this.#wire.settle();
    return true;
  }

  /** A data connection; or a ticket for one, if there is none yet. */
  async #attach(ticket: Pick): Promise<void> {
    const { control, tickets } = this.reference;
    const given = tickets.some(({ owner, state }) => owner === control && state === "given");
    if (control?.greeted && !given && ticket < 12) await this.send(control, [{ ask: "ticket" }]);
    const connection = this.connect();
    await this.#wire.settle();
    await this.send(connection, [{ ask: "attach", ticket }]);
  }

  async #crowd(of: "connections" | "tickets" | "processes"): Promise<void> {
    if (of === "connections") for (let n = 0; n < limits.silentConnections + 2; n += 1) this.connect();
    else {
      const spawn = { ask: "spawn", user: 0, command: "sleeps", stdin: null, output: null, odd: "" } as const;
      const [ask, times]: [Ask, number] = of === "tickets" ? [{ ask: "ticket" }, 35] : [spawn, 258];
      await this.send(await this.#connectionAt(0), Array<Ask>(times).fill(ask));
    }
  }
}
