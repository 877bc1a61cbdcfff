/** One control connection: what it asks for, what it holds, and the end of all that with it. */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { ErrorCode } from "../shared/protocol/errors.ts";
import { encodeFrame, FrameError } from "../shared/protocol/frames.ts";
import { limits, PROTOCOL } from "../shared/protocol/limits.ts";
import type * as wire from "../shared/protocol/messages.ts";
import type { TaskUser } from "../shared/protocol/root-types.ts";
import * as verdicts from "../shared/protocol/validators.js";
import type { Helper } from "./main.ts";
import { table } from "./table.ts";

/** What an honest agent can meet: the request is answered with `refused`, the connection stays. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const maxProcesses = 256;
const validators: Record<string, (data: unknown) => boolean> = { ...verdicts };
const newId = (): string => randomBytes(16).toString("hex");

export class Session {
  readonly helper: Helper;
  readonly processes = new Map<wire.ProcessId, ChildProcess>();
  readonly #socket: Socket;
  readonly #users = new Map<wire.UserId, TaskUser>();
  /** Tickets given out, with the data connection that has attached, and when they end. */
  readonly #tickets = new Map<wire.Ticket, { socket?: Socket; timer: NodeJS.Timeout }>();
  readonly #attached = new Set<Socket>();
  readonly #creating = new Set<Promise<TaskUser>>();
  readonly #ending = new WeakMap<TaskUser, Promise<wire.Gone>>();
  #greeted = false;
  #closed: Promise<void> | undefined;

  constructor(socket: Socket, helper: Helper) {
    this.#socket = socket;
    this.helper = helper;
  }

  /** Handles one frame of the control connection. Throws FrameError for what ends the connection. */
  receive(frame: unknown): void {
    const { type, data } = requestOf(frame);
    if ((type === "hello") === this.#greeted) throw new FrameError("not-now", `${type} at this point`);
    const row = table[type];
    const user = "user" in data ? this.#users.get(data.user) : undefined;
    if ("user" in data && !user) throw new FrameError("unknown-id", `${type} for an unknown user`);
    if (user && user.state !== row.from) throw new FrameError("not-now", `${type} for a user that is ${user.state}`);
    if (user && row.during) user.state = row.during;
    // No await between the check above and what a handler does first.
    void this.#answer(type, data.id, () => row.handler(this, data as never, user)); // checked: requestOf
  }

  async #answer(request: wire.RequestName, id: number, handler: () => unknown): Promise<void> {
    try {
      const result = await handler();
      this.send("answer", { id, request, result });
    } catch (error) {
      if (error instanceof Refusal) this.send("refused", { id, request, code: error.code, message: error.message });
      else if (error instanceof FrameError) this.fatal(error);
      else throw error;
    }
    this.helper.publish();
  }

  send(type: wire.HelperMessage["type"], data: unknown): void {
    if (this.#closed) return;
    this.#socket.write(encodeFrame({ type, data }));
    if (this.#socket.writableLength > limits.frameBytes) this.#socket.destroy(); // It does not read: it is gone.
  }

  fatal(error: FrameError): void {
    this.helper.audit.note("protocol-error", { code: error.code, message: error.message });
    this.send("fatal", { code: error.code, message: error.message });
    this.#socket.destroySoon();
    void this.close();
  }

  greet(): wire.Answers["hello"] {
    this.#greeted = true;
    const { config, version } = this.helper;
    const { frameBytes, argvEnvBytes, stringBytes } = limits;
    const { live, quarantined } = this.helper.counts();
    const bounds = { maxUsers: config.maxUsers, frameBytes, argvEnvBytes, stringBytes };
    return { protocol: PROTOCOL, helperVersion: version, limits: bounds, live, resting: [], quarantined };
  }

  async create(): Promise<TaskUser> {
    const { audit, config, life } = this.helper;
    if (this.helper.stopping) throw new Refusal("shutting-down", "the helper is ending");
    if (!audit.note("create", {})) throw new Refusal("journal-unwritable", "the audit log cannot be written");
    if (this.#users.size + this.#creating.size >= config.maxUsers) {
      throw new Refusal("no-free-user", `maxUsers is ${config.maxUsers}`);
    }
    const making = life.create().then((user) => {
      if (!user) throw new Refusal("no-free-user", `no uid of ${config.uidRange.join("-")} is free`);
      return user;
    });
    this.#creating.add(making);
    try {
      const user = await making;
      this.#users.set(user.id, user);
      if (this.#closed) await this.end(user);
      return user;
    } catch (error) {
      if (error instanceof Refusal) throw error;
      const message = error instanceof Error ? error.message : "unknown";
      audit.note("create-failed", { message });
      throw new Refusal("create-failed", message.slice(0, 500).replace(/[^\x20-\x7e]/g, "?"));
    } finally {
      this.#creating.delete(making);
    }
  }

  /** Ends one user, once. It leaves the session's hands whatever comes of it. */
  end(user: TaskUser): Promise<wire.Gone> {
    const ended = (): boolean => this.#users.delete(user.id) && this.#ending.delete(user);
    const ending = this.#ending.get(user) ?? this.helper.life.end(user).finally(ended);
    this.#ending.set(user, ending);
    return ending;
  }

  newTicket(): wire.Ticket {
    if (this.#tickets.size >= limits.waitingTickets) throw new Refusal("ticket-limit", "too many tickets wait");
    const ticket = newId() as wire.Ticket; // checked: made here, and nowhere else
    const timer = setTimeout(() => this.#drop(ticket), limits.idleConnectionMs);
    this.#tickets.set(ticket, { timer });
    return ticket;
  }

  #drop(ticket: wire.Ticket): void {
    this.#tickets.get(ticket)?.socket?.destroy();
    clearTimeout(this.#tickets.get(ticket)?.timer);
    this.#tickets.delete(ticket);
  }

  /** A data connection shows its ticket. False: nobody was given it, or it has been used. */
  attach(ticket: wire.Ticket, socket: Socket): boolean {
    const waiting = this.#tickets.get(ticket);
    if (!waiting || waiting.socket) return false;
    waiting.socket = socket;
    this.#attached.add(socket);
    socket.once("close", () => this.#attached.delete(socket) && this.#drop(ticket));
    return true;
  }

  /** The connection behind a ticket, which is used up. */
  take(ticket: wire.Ticket): Socket {
    const waiting = this.#tickets.get(ticket);
    if (!waiting?.socket) throw new Refusal("ticket-expired", "no data connection waits with this ticket");
    clearTimeout(waiting.timer);
    this.#tickets.delete(ticket);
    return waiting.socket;
  }

  start(
    user: TaskUser,
    begin: (ended: (how: Omit<wire.Exited, "process">) => void) => ChildProcess | undefined,
  ): wire.Answers["spawn"] {
    if (this.processes.size >= maxProcesses) throw new Refusal("spawn-failed", "too many processes of one connection");
    if (!this.helper.audit.note("spawn", { user: user.name, uid: user.uid })) {
      throw new Refusal("journal-unwritable", "the audit log cannot be written");
    }
    const process = newId() as wire.ProcessId; // checked: made here, and nowhere else
    const child = begin((how) => {
      this.processes.delete(process);
      this.helper.audit.note("exited", { user: user.name, code: how.code, signal: how.signal });
      this.send("exited", { process, ...how });
    });
    if (!child?.pid) throw new Refusal("spawn-failed", "the system has no process to give");
    this.processes.set(process, child);
    this.helper.audit.note("spawned", { user: user.name, pid: child.pid });
    return { process, pid: child.pid };
  }

  /** The connection is gone: everything that it created goes too. Resolves when it has. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      for (const ticket of [...this.#tickets.keys()]) this.#drop(ticket);
      for (const socket of this.#attached) socket.destroy();
      await Promise.allSettled(this.#creating);
      await Promise.all([...this.#users.values()].map((user) => this.end(user)));
    })();
    return this.#closed;
  }
}

/** A frame of the control connection as a request. Throws FrameError for anything that is none. */
function requestOf(frame: unknown): wire.RequestMessage {
  const { type, data } = messageOf(frame);
  if (!Object.hasOwn(table, type)) throw new FrameError("message-invalid", "a request of an unknown type");
  const name = type as wire.RequestName; // checked: the line above
  if (!validators[name]?.(data)) throw new FrameError("message-invalid", `a ${name} that its schema refuses`);
  return { type: name, data } as wire.RequestMessage; // checked: the line above
}

export function messageOf(frame: unknown): { type: string; data: unknown } {
  if (typeof frame === "object" && frame !== null && Object.keys(frame).join() === "type,data") {
    const { type, data } = frame as { type: unknown; data: unknown }; // checked: the line above
    if (typeof type === "string") return { type, data };
  }
  throw new FrameError("message-invalid", "a frame that is no message");
}
