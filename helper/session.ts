/** One connection: what it holds as the control connection, and the end of all that with it. */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { encodeFrame, FrameError } from "../shared/protocol/frames.ts";
import { limits } from "../shared/protocol/limits.ts";
import type { Gone, ProcessId, UserId } from "../shared/protocol/messages.ts";
import type { TaskUser } from "../shared/protocol/root-types.ts";
import type { Helper } from "./helper.ts";
import { createUser, endUser } from "./life.ts";
import { Tickets } from "./tickets.ts";

export class Session {
  readonly helper: Helper;
  readonly tickets = new Tickets();
  readonly processes = new Map<ProcessId, ChildProcess>();
  greeted = false;
  readonly #socket: Socket;
  readonly #users = new Map<UserId, TaskUser>();
  /** Creations and kills under way: users are ended behind them, so that no kill hides from a sweep what it found. */
  readonly working = new Set<Promise<unknown>>();
  readonly #ending = new WeakMap<TaskUser, Promise<Gone>>();
  #closed: Promise<void> | undefined;

  constructor(helper: Helper, socket: Socket) {
    this.helper = helper;
    this.#socket = socket;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  send(type: "answer" | "refused" | "exited" | "fatal", data: unknown): void {
    if (this.closed) return;
    this.#socket.write(encodeFrame({ type, data }));
    if (this.#socket.writableLength > limits.frameBytes) this.#socket.destroy(); // It does not read: it is gone.
  }

  /** The last word to a peer that broke the protocol. */
  fatal({ code, message }: FrameError): void {
    if (this.closed) return;
    this.helper.audit.note("protocol-error", { code, message });
    this.send("fatal", { code, message });
    this.#socket.destroySoon();
    void this.close();
  }

  /** Throws a FrameError when the session holds no such user. */
  user(id: UserId): TaskUser {
    const user = this.#users.get(id);
    if (!user) throw new FrameError("unknown-id", "a request for an unknown user");
    return user;
  }

  /** Throws a Refusal when there is no user to be had, an Error when a step fails. */
  async create(): Promise<TaskUser> {
    const creating = createUser(this.helper).then((user) => this.#users.set(user.id, user) && user);
    this.working.add(creating);
    return creating.finally(() => this.working.delete(creating));
  }

  /** Ends one user, once. It leaves the session's hands whatever comes of it. */
  end(user: TaskUser): Promise<Gone> {
    const ending = this.#ending.get(user) ?? endUser(this.helper, user).finally(() => this.#users.delete(user.id));
    this.#ending.set(user, ending);
    return ending;
  }

  /** The connection is gone: everything that it created goes too. Resolves when it has. */
  close(): Promise<void> {
    this.#closed ??= this.#endAll();
    return this.#closed;
  }

  async #endAll(): Promise<void> {
    this.tickets.close();
    await Promise.allSettled(this.working);
    await Promise.all([...this.#users.values()].map((user) => this.end(user)));
  }
}
