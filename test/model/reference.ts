/**
 * The reference state machine, written from docs/protocol.md and docs/helper.md. It is told every frame that is sent and every
 * message that comes, in their order, and throws a Deviation for what is not allowed or has not come in time. Where the
 * order of effects is open it allows a set of answers.
 */
import type { ErrorCode } from "../../shared/protocol/errors.ts";
import type { HelperMessage } from "../../shared/protocol/helper-messages.ts";
import { limits } from "../../shared/protocol/limits.ts";
import type { RequestName } from "../../shared/protocol/messages.ts";
import { checkDue, mayClose } from "./deadlines.ts";
import { deny, type Eyes, wentWrong } from "./eyes.ts";
import { Connection, type Frame, type Pending, type Running, type Ticket, type User, type Verdict } from "./held.ts";
import { Room } from "./room.ts";
import { Signals } from "./signals.ts";
import type { Tally } from "./tally.ts";
import { Users } from "./users.ts";
import { excusedVerdicts, fatalCodes, mayAttach, namedUser, stateFor, verdictsAtOnce } from "./verdicts.ts";

export class Reference {
  readonly connections: Connection[] = [];
  readonly tickets: Ticket[] = [];
  readonly processes: Running[] = [];
  control: Connection | undefined;
  readonly #users: Users;
  readonly #signals: Signals;
  readonly #eyes: Eyes;
  readonly #tally: Tally;
  readonly #maxUsers: number;
  readonly #ids = new Set<string>();
  /** Creations that nobody has told the end of. */
  #creations = 0;
  /** Refusals that were told, as the audit log has them. */
  readonly refused: string[] = [];
  #stopping = false;

  constructor(eyes: Eyes, maxUsers: number, tally: Tally) {
    this.#users = new Users(eyes, maxUsers);
    this.#signals = new Signals(eyes);
    this.#eyes = eyes;
    this.#maxUsers = maxUsers;
    this.#tally = tally;
  }

  get users(): readonly User[] {
    return this.#users.all;
  }

  opened(): Connection {
    const silent = this.connections.filter((each) => each.role === "silent" && !each.doom);
    const connection = new Connection(this.connections.length, this.#eyes.now());
    connection.unwelcome = silent.length >= limits.silentConnections || this.#stopping;
    this.connections.push(connection);
    return connection;
  }

  /** The agent has sent the beginning of a frame. */
  tore(connection: Connection): void {
    if (connection.heard) connection.torn ??= this.#eyes.now();
  }

  /** The agent has sent a whole frame. */
  sent(connection: Connection, id: number, frame: Frame): void {
    if (!connection.heard || connection.unwelcome || this.#stopping) return;
    if (connection.torn !== undefined) {
      connection.doom = new Set(["frame-malformed"]);
      return;
    }
    const other = this.#isBeside(connection);
    const cell = `${frame.wrong ? "junk" : frame.type}, ${stateFor(connection, frame, other)}`;
    if (frame.type === "attach" && connection.role === "silent") this.#attach(connection, frame, cell);
    else this.#asked(connection, id, frame, cell);
  }

  /** Whether another is the control connection. On real sockets one that is ending may have ended, which is not heard yet. */
  #isBeside(connection: Connection): boolean {
    const { control } = this;
    if (control === undefined || control === connection) return false;
    return this.#eyes.exact || !(control.left || control.doom);
  }

  /** On a control connection, or one that wants to be it. */
  #asked(connection: Connection, id: number, frame: Frame, cell: string): void {
    const other = this.#isBeside(connection);
    const codes = fatalCodes(connection, frame, other);
    if (connection.role === "silent" && !other && frame.wrong !== "frame-malformed") {
      connection.role = "control";
      this.control = connection;
    }
    if (!this.#eyes.exact) this.#orderIsOpen(connection, codes, frame);
    const user = namedUser(connection, frame);
    // One that is to be refused holds its user until then.
    const busy = [...connection.pending.values()].some((each) => each.user !== undefined && each.user === user);
    if (busy && codes.size > 0) codes.add("not-now");
    if (busy) connection.perhaps = new Set([...connection.perhaps, "not-now"]);
    if (codes.size > 0) {
      this.#doom(connection, codes, cell);
      return;
    }
    const allowed = verdictsAtOnce(connection, frame, this.#eyes.now());
    const room = frame.type === "createUser" && !allowed ? this.#room() : undefined;
    if (user && !allowed && frame.type === "killUser") Object.assign(user, { state: "killing", killed: true });
    if (user && !allowed && frame.type === "deleteUser") user.state = "deleting";
    if (frame.type === "hello" && allowed?.has("answer")) connection.greeted = true;
    this.#claim(connection, frame);
    const request = frame.type as RequestName; // checked: a frame of another type has been refused above
    const before = user && !allowed ? user.before : this.#eyes.met();
    connection.pending.set(id, { request, data: frame.data, user, before, cell, allowed, room });
  }

  #room(): Room {
    const room = new Room(this.#eyes, this.#maxUsers, this.#creations);
    this.#creations += 1;
    return room;
  }

  /** On real sockets what was sent before may not have been done yet, and what is done may not have been heard of. */
  #orderIsOpen(connection: Connection, codes: Set<ErrorCode>, frame: Frame): void {
    const state = namedUser(connection, frame)?.state;
    if (state === "deleting") codes.add("unknown-id");
    if (state === "killing" && codes.delete("not-now")) connection.perhaps = new Set(["not-now"]);
    const ending = [...connection.users.values()].some((user) => user.killed);
    connection.perhaps = new Set<ErrorCode>(ending ? ["busy", "not-now"] : ["busy"]);
  }

  #doom(connection: Connection, codes: Set<ErrorCode>, cell: string): void {
    connection.doom = codes;
    this.#tally.count(cell, "fatal");
  }

  #attach(connection: Connection, { data, wrong }: Frame, cell: string): void {
    const ticket = this.control?.tickets.get(String(data["ticket"]));
    if (wrong || !mayAttach(ticket, this.#eyes.now())) {
      this.#doom(connection, new Set(["unknown-id", "message-invalid"]), cell);
      return;
    }
    this.#tally.count(cell, "taken");
    if (!this.#eyes.exact) connection.perhaps = new Set(["unknown-id"]); // It may be over by the time it is looked at.
    connection.role = "data";
    connection.ticket = ticket;
    Object.assign(ticket, { state: "attached", connection });
  }

  acknowledged(connection: Connection): void {
    if (connection.role !== "data" || connection.acknowledged) deny("an acknowledgement that nobody waits for");
    connection.acknowledged = true;
  }

  received(connection: Connection, message: HelperMessage): void {
    const { type, data } = message;
    this.#tally.message("code" in data && type !== "exited" ? `${type} ${data.code}` : type);
    if (connection.told) deny(`a ${type} behind a fatal`);
    if (connection.role === "data" && connection.perhaps.size === 0) deny(`a ${type} on a data connection`);
    if (message.type === "fatal") this.#fatal(connection, message.data.code);
    else if (message.type === "exited") this.#exited(connection, message.data.process);
    else this.#replied(connection, message);
  }

  #replied(connection: Connection, { type, data }: Extract<HelperMessage, { type: "answer" | "refused" }>): void {
    const pending = connection.pending.get(data.id);
    if (pending?.request !== data.request) deny(`${type} to a ${data.request} that does not wait for one`);
    connection.pending.delete(data.id);
    const verdict: Verdict = type === "answer" ? "answer" : `refused ${data.code}`;
    this.#tally.count(pending.cell, verdict);
    if (type === "refused") this.refused.push(`"action":"refused","request":"${data.request}","code":"${data.code}"`);
    this.#judge(pending, verdict);
    if (pending.room) this.#creations -= 1;
    const { user } = pending;
    if (user && user.state !== "ready" && pending.request === "killUser") user.state = "ready";
    if (type === "answer") this.#apply(connection, pending, data);
  }

  #judge(pending: Pending, verdict: Verdict): void {
    const { allowed = new Set(["answer"]), before, request } = pending;
    if (allowed.has(verdict)) return;
    pending.room?.look();
    if (!this.#eyes.exact && verdict === "refused ticket-expired" && (pending.data["stdin"] ?? pending.data["output"]))
      return;
    const excused = excusedVerdicts(pending, (kinds) => wentWrong(this.#eyes, kinds, before));
    // What must be refused for one reason may be refused for another, but never answered.
    if (!excused.includes(verdict))
      deny(`${request}: ${verdict}, where ${[...allowed, ...excused].join(" or ")} was allowed`);
  }

  #fatal(connection: Connection, code: ErrorCode): void {
    const late = connection.torn !== undefined && this.#eyes.now() >= connection.torn + limits.frameMs;
    if (!connection.doom && late) connection.doom = new Set(["frame-timeout"]);
    if (connection.perhaps.has(code)) connection.doom = connection.perhaps;
    if (!connection.doom?.has(code)) {
      deny(`fatal ${code}, where ${[...(connection.doom ?? ["none"])].join(" or ")} was allowed`);
    }
    connection.told = true;
  }

  #exited(connection: Connection, id: string): void {
    const process = connection.processes.get(id);
    if (process?.exited || connection.early.has(id)) deny("the end of a process told twice");
    if (!process) connection.early.add(id);
    else {
      process.exited = true;
      if (this.#eyes.exact && this.#eyes.isAlive(process.pid)) deny("the end of a process that lives");
    }
  }

  /** From here on, until it is answered, it is open whether a spawn has used up the tickets that it names. */
  #claim(connection: Connection, { type, data }: Frame): void {
    if (type !== "spawn") return;
    for (const id of [data["stdin"], data["output"]]) {
      const ticket = connection.tickets.get(String(id));
      if (ticket?.state === "attached") ticket.spent = true;
    }
  }

  #fresh(id: string): void {
    if (this.#ids.has(id)) deny("an id that was given before");
    this.#ids.add(id);
  }

  #apply(connection: Connection, pending: Pending, answer: { request: RequestName; result: unknown }): void {
    const { data, user } = pending;
    const { request, result } = answer as Extract<HelperMessage, { type: "answer" }>["data"]; // checked: by its schema
    if (request === "hello") this.#users.counted(result);
    else if (request === "createUser") {
      this.#fresh(result.user);
      connection.users.set(result.user, this.#users.created(result, pending.before));
    } else if (request === "ticket") {
      this.#fresh(result.ticket);
      const own = { id: result.ticket, given: this.#eyes.now(), owner: connection };
      const ticket: Ticket = { ...own, state: "given", spent: false, connection: undefined, process: undefined };
      connection.tickets.set(ticket.id, ticket);
      this.tickets.push(ticket);
    } else if (request === "spawn" && user) {
      this.#fresh(result.process);
      const exited = connection.early.delete(result.process);
      const process: Running = { id: result.process, pid: result.pid, user, exited };
      connection.processes.set(process.id, process);
      this.processes.push(process);
      for (const id of [data["stdin"], data["output"]]) {
        const ticket = connection.tickets.get(String(id));
        if (ticket) Object.assign(ticket, { state: "used", process });
      }
    } else if (request === "signal") {
      const process = connection.processes.get(String(data["process"]));
      this.#signals.answered(String(data["signal"]), process, result.delivered);
    } else if (request === "killUser" && user) {
      if (this.#eyes.alive(user.uid) > 0) deny("killUser answered, and a process of the user lives");
    } else if (request === "deleteUser" && user) {
      this.#tally.message(`deleteUser ${result.state}`);
      this.#users.ended(user, result);
    }
  }

  /** The agent closes its end. */
  left(connection: Connection): void {
    connection.left = true;
  }

  /** The helper has ended its side, and nobody holds the connection any more. */
  closed(connection: Connection): void {
    if (!this.#stopping && !mayClose(connection, this.#eyes))
      deny(`connection ${connection.number} closed without a reason`);
    const { role, ticket } = connection;
    connection.role = "closed";
    if (role === "data" && ticket) ticket.state = "over";
    if (this.control === connection) this.control = undefined;
    for (const { request, data } of connection.pending.values()) {
      // Nobody will be told whether it has been done.
      if (request === "signal") this.#signals.untold();
      const named = request === "spawn" ? [data["stdin"], data["output"]] : [];
      for (const id of named) Object.assign(connection.tickets.get(String(id)) ?? {}, { state: "used" });
    }
    connection.pending.clear();
    for (const user of connection.users.values()) if (user.state !== "over") user.state = "ending";
    for (const each of connection.tickets.values()) if (each.state === "given") each.state = "over";
  }

  /** The helper has been told to end. */
  stop(): void {
    this.#stopping = true;
  }

  /** Nothing more happens without time: what was due must have come. */
  settled(): void {
    if (!this.#eyes.exact || this.#stopping) return;
    const now = this.#eyes.now();
    for (const connection of this.connections) if (connection.role !== "closed") checkDue(connection, now);
    this.#signals.settled();
  }

  /** Requests that are still to be answered. */
  get waiting(): number {
    return this.connections.reduce((sum, { pending, role }) => sum + (role === "closed" ? 0 : pending.size), 0);
  }

  /** Whether root may signal single processes of this uid: its user is being killed or deleted, or was never answered. */
  mayKill(uid: number): boolean {
    const user = this.users.findLast((each) => each.uid === uid && each.state !== "over");
    if (user?.state !== "ready") return true;
    const owner = this.connections.find((each) => each.users.get(user.id) === user);
    return !owner || owner.left || owner.doom !== undefined || this.#stopping;
  }
}
