/**
 * The reference state machine, written from docs/protocol.md and docs/helper.md. It is told every frame that is sent and every
 * message that comes, in their order, and throws a Deviation for what is not allowed or has not come in time. Where the
 * order of effects is open it allows a set of answers.
 */
import type { ErrorCode } from "../../shared/protocol/errors.ts";
import { limits } from "../../shared/protocol/limits.ts";
import type { Answers, HelperMessage, RequestName } from "../../shared/protocol/messages.ts";
import { Deviation, type Eyes } from "./eyes.ts";
import {
  Connection,
  type Frame,
  type Met,
  type Pending,
  type Running,
  type Ticket,
  type User,
  type Verdict,
} from "./held.ts";
import { Room } from "./room.ts";
import type { Tally } from "./tally.ts";
import {
  excusedVerdicts,
  excuses,
  fatalCodes,
  isWaiting,
  mayAttach,
  namedUser,
  stateFor,
  verdictsAtOnce,
} from "./verdicts.ts";

export class Reference {
  readonly connections: Connection[] = [];
  readonly users: User[] = [];
  readonly tickets: Ticket[] = [];
  readonly processes: Running[] = [];
  control: Connection | undefined;
  readonly #eyes: Eyes;
  readonly #tally: Tally;
  readonly #maxUsers: number;
  /** Names of accounts that rest: the only ones that may come again. */
  readonly #resting = new Set<string>();
  readonly #ids = new Set<string>();
  /** Signals and the processes they were answered for; and how many were never answered. */
  readonly #delivered: string[] = [];
  #untold = 0;
  /** Creations that nobody has told the end of. */
  #creations = 0;
  /** Refusals that were told, as the audit log has them. */
  readonly refused: string[] = [];
  #stopping = false;

  constructor(eyes: Eyes, maxUsers: number, tally: Tally) {
    this.#eyes = eyes;
    this.#maxUsers = maxUsers;
    this.#tally = tally;
  }

  #deny(what: string): never {
    throw new Deviation(what);
  }

  #went(kinds: readonly string[], before: Met): boolean {
    const met = this.#eyes.met();
    // A record that somebody replaced stays so: it may be a resting one, which is looked at much later.
    const then = (kind: string): number => (kind === "replaced" ? 0 : (before.get(kind) ?? 0));
    return kinds.some((kind) => (met.get(kind) ?? 0) > then(kind));
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
    const other = this.control !== undefined && this.control !== connection;
    const cell = `${frame.wrong ? "junk" : frame.type}, ${stateFor(connection, frame, other)}`;
    if (frame.type === "attach" && connection.role === "silent") this.#attach(connection, frame, cell);
    else this.#asked(connection, id, frame, cell);
  }

  /** On a control connection, or one that wants to be it. */
  #asked(connection: Connection, id: number, frame: Frame, cell: string): void {
    const other = this.control !== undefined && this.control !== connection;
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
    const coming = this.#eyes.exact ? 0 : this.#creations;
    this.#creations += 1;
    return new Room(this.#eyes, this.#maxUsers, coming);
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
    if (connection.role !== "data" || connection.acknowledged) this.#deny("an acknowledgement that nobody waits for");
    connection.acknowledged = true;
  }

  received(connection: Connection, message: HelperMessage): void {
    const { type, data } = message;
    this.#tally.message("code" in data && type !== "exited" ? `${type} ${data.code}` : type);
    if (connection.told) this.#deny(`a ${type} behind a fatal`);
    if (connection.role === "data" && connection.perhaps.size === 0) this.#deny(`a ${type} on a data connection`);
    if (message.type === "fatal") this.#fatal(connection, message.data.code);
    else if (message.type === "exited") this.#exited(connection, message.data.process);
    else this.#replied(connection, message);
  }

  #replied(connection: Connection, { type, data }: Extract<HelperMessage, { type: "answer" | "refused" }>): void {
    const pending = connection.pending.get(data.id);
    if (pending?.request !== data.request) this.#deny(`${type} to a ${data.request} that does not wait for one`);
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
    const excused = excusedVerdicts(pending, (kinds) => this.#went(kinds, before));
    // What must be refused for one reason may be refused for another, but never answered.
    if (!excused.includes(verdict))
      this.#deny(`${request}: ${verdict}, where ${[...allowed, ...excused].join(" or ")} was allowed`);
  }

  #fatal(connection: Connection, code: ErrorCode): void {
    const late = connection.torn !== undefined && this.#eyes.now() >= connection.torn + limits.frameMs;
    if (!connection.doom && late) connection.doom = new Set(["frame-timeout"]);
    if (connection.perhaps.has(code)) connection.doom = connection.perhaps;
    if (!connection.doom?.has(code)) {
      this.#deny(`fatal ${code}, where ${[...(connection.doom ?? ["none"])].join(" or ")} was allowed`);
    }
    connection.told = true;
  }

  #exited(connection: Connection, id: string): void {
    const process = connection.processes.get(id);
    if (process?.exited || connection.early.has(id)) this.#deny("the end of a process told twice");
    if (!process) connection.early.add(id);
    else {
      process.exited = true;
      if (this.#eyes.exact && this.#eyes.isAlive(process.pid)) this.#deny("the end of a process that lives");
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
    if (this.#ids.has(id)) this.#deny("an id that was given before");
    this.#ids.add(id);
  }

  #apply(connection: Connection, pending: Pending, answer: { request: RequestName; result: unknown }): void {
    const { data, user } = pending;
    const { request, result } = answer as Extract<HelperMessage, { type: "answer" }>["data"]; // checked: by its schema
    if (request === "hello") this.#greeted(result);
    else if (request === "createUser") this.#created(connection, pending, result);
    else if (request === "ticket") {
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
    } else if (request === "signal") this.#signalled(connection, pending, result.delivered);
    else if (request === "killUser" && user) {
      if (this.#eyes.alive(user.uid) > 0) this.#deny("killUser answered, and a process of the user lives");
    } else if (request === "deleteUser" && user) this.#ended(user, result);
  }

  #greeted({ live, resting }: Answers["hello"]): void {
    if (live > this.#maxUsers) this.#deny(`${live} users live, where ${this.#maxUsers} may`);
    if (resting.length > 0) this.#deny("park ids of users that nobody can ask for");
  }

  #created(connection: Connection, { before }: Pending, { user: id, name, uid }: Answers["createUser"]): void {
    this.#fresh(id);
    if (!/^tcw-[a-z2-7]{8}$/.test(name)) this.#deny(`a task user called ${name}`);
    for (const each of this.users) {
      if (each.name === name) this.#again(each);
      else if (each.uid === uid && this.#lives(each)) this.#deny(`uid ${uid} for a second living user`);
    }
    this.#resting.delete(name);
    if (this.#eyes.account(name) !== uid) this.#deny(`${name} answered, and no account has its uid ${uid}`);
    if (!this.#eyes.hasHome(name)) this.#deny(`${name} answered, and it has no home`);
    if (this.#eyes.alive(uid) > 0) this.#deny(`${name} answered, and a process of its uid lives already`);
    const recorded = this.#eyes.recorded(name);
    if (recorded !== "ready") this.#deny(`${name} answered, and the journal calls it ${recorded}`);
    const user: User = { id, name, uid, state: "ready", killed: false, before };
    connection.users.set(id, user);
    this.users.push(user);
  }

  /** Of a user whose connection has closed only the machine tells whether it is gone. */
  #lives({ state, name, uid }: User): boolean {
    return state === "ending" ? this.#eyes.account(name) === uid : state !== "over";
  }

  /** An account that comes a second time must have rested in between. */
  #again({ state, name, before }: User): void {
    const rested = state === "ending" ? this.#went(excuses.resting, before) : this.#resting.has(name);
    if (!rested) this.#deny(`${name} for a second user`);
  }

  #signalled(connection: Connection, { data }: Pending, delivered: boolean): void {
    const process = connection.processes.get(String(data["process"]));
    const lives = process !== undefined && !process.exited && this.#eyes.isAlive(process.pid);
    if (!this.#eyes.exact) {
      if (delivered && !process) this.#deny("a signal delivered to nobody's process");
      return;
    }
    if (!delivered) {
      // It may be the very signal that ended it.
      if (lives) this.#deny("a signal that was not delivered to a process that lives");
      return;
    }
    const signal = `${data["signal"]} ${process?.pid}`;
    this.#delivered.push(signal);
    const times = (all: readonly string[]): number => all.filter((each) => each === signal).length;
    if (times(this.#eyes.groupSignals()) < times(this.#delivered)) this.#deny(`${signal} was not delivered`);
  }

  #ended(user: User, { state, left }: Answers["deleteUser"]): void {
    user.state = "over";
    this.#tally.message(`deleteUser ${state}`);
    const { name, uid, before } = user;
    const clean = left.processes + left.shared === 0 && !left.home;
    if (state !== "quarantined" && (!clean || this.#eyes.alive(uid) > 0)) this.#deny(`${state}, but something is left`);
    if (state !== "quarantined" && this.#eyes.hasHome(name)) this.#deny(`${state}, but the home is there`);
    if (left.processes > 0 && !(left.home && this.#eyes.hasHome(name)))
      this.#deny("the home of the living was removed");
    if (left.account !== (state !== "gone")) this.#deny(`${state}, with left.account ${left.account}`);
    if (state === "gone" && this.#eyes.account(name) === uid) this.#deny("gone, but the account is there");
    if (state === "resting" && this.#eyes.account(name) !== uid) this.#deny("resting, but the account is not there");
    if (state === "resting") this.#resting.add(name);
    if (state !== "gone" && !this.#went(excuses[state], before)) this.#deny(`${state} without a reason`);
  }

  /** The agent closes its end. */
  left(connection: Connection): void {
    connection.left = true;
  }

  /** The helper has ended its side, and nobody holds the connection any more. */
  closed(connection: Connection): void {
    if (!this.#mayClose(connection)) this.#deny(`connection ${connection.number} closed without a reason`);
    const { role, ticket } = connection;
    connection.role = "closed";
    if (role === "data" && ticket) ticket.state = "over";
    if (this.control === connection) this.control = undefined;
    for (const { request, data } of connection.pending.values()) {
      // Nobody will be told whether it has been done.
      if (request === "signal") this.#untold += 1;
      const named = request === "spawn" ? [data["stdin"], data["output"]] : [];
      for (const id of named) Object.assign(connection.tickets.get(String(id)) ?? {}, { state: "used" });
    }
    connection.pending.clear();
    for (const user of connection.users.values()) if (user.state !== "over") user.state = "ending";
    for (const each of connection.tickets.values()) if (each.state === "given") each.state = "over";
  }

  #mayClose(connection: Connection): boolean {
    const { role, since, ticket } = connection;
    if (connection.left || connection.told || this.#stopping || connection.unwelcome) return true;
    if (role === "silent") return this.#eyes.now() >= since + limits.idleConnectionMs;
    if (role !== "data" || !ticket) return false;
    if (ticket.state === "used") return !ticket.process || !this.#eyes.exact || !this.#eyes.isAlive(ticket.process.pid);
    return (
      ticket.spent ||
      !isWaiting(ticket, this.#eyes.now()) ||
      ticket.owner.role === "closed" ||
      ticket.owner.doom !== undefined
    );
  }

  /** The helper has been told to end. */
  stop(): void {
    this.#stopping = true;
  }

  /** Nothing more happens without time: what was due must have come. */
  settled(): void {
    if (!this.#eyes.exact || this.#stopping) return;
    const now = this.#eyes.now();
    for (const connection of this.connections) if (connection.role !== "closed") this.#due(connection, now);
    if (this.#eyes.groupSignals().length > this.#delivered.length + this.#untold)
      this.#deny("a process group signalled unasked");
  }

  #due(connection: Connection, now: number): void {
    const { doom, role, since, ticket, torn } = connection;
    connection.perhaps = new Set();
    const late = (what: string): never => this.#deny(`connection ${connection.number} ${what}`);
    if (connection.unwelcome) late("is one too many, and open");
    if (doom) late(`broke the protocol (${[...doom].join(" or ")}), and is open`);
    if (role === "silent" && now > since + limits.idleConnectionMs) late("says nothing for too long, and is open");
    if (torn !== undefined && now > torn + limits.frameMs) late("has not ended its frame, and is open");
    if (role === "data" && !connection.acknowledged) late("showed a good ticket, and was not taken");
    for (const pending of connection.pending.values()) {
      pending.room?.look();
      if (pending.allowed && !connection.left) late(`waits for the answer to ${pending.request}`);
    }
    if (role !== "data" || !ticket || ticket.state === "used") return;
    ticket.spent = false;
    const over = ticket.owner.role === "closed" || now > ticket.given + limits.idleConnectionMs;
    if (over && !connection.left) late("waits with a ticket that is over");
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
