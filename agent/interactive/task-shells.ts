/** The interactive shells of one task: how many, and until when. */
import type { WebSocket } from "ws";
import type { Sandbox, ShellCommand } from "../engine/engine.ts";
import type { ShellProtocol } from "./protocol.ts";
import { ShellSession } from "./session.ts";

/** Of one task: each has about ten processes and five connections. */
const MOST_SHELLS = 10;

export class TaskShells {
  readonly #sandbox: Pick<Sandbox, "openShell">;
  readonly #log: (line: string) => void;
  readonly #sessions = new Map<ShellSession, Promise<void>>();
  #opened = 0;
  #isClosed = false;

  /** `log` hears when a shell is opened, when it has ended, and that the task waits for some. */
  constructor(sandbox: Pick<Sandbox, "openShell">, log: (line: string) => void) {
    this.#sandbox = sandbox;
    this.#log = log;
  }

  get isFull(): boolean {
    return this.#sessions.size >= MOST_SHELLS;
  }

  /** Whether no shell is opened any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Only while neither full nor closed. `from`: the client's address. */
  open(socket: WebSocket, protocol: ShellProtocol, command: ShellCommand, from: string): void {
    const session = new ShellSession(socket, protocol);
    this.#opened += 1;
    const name = `Interactive shell ${this.#opened}`;
    this.#log(`${name} is used from ${from}`);
    const ended = session
      .run(() => this.#sandbox.openShell(command))
      .then((how) => {
        this.#sessions.delete(session);
        this.#log(`${name} has ended: ${how}`);
      });
    this.#sessions.set(session, ended);
  }

  /** Opens no more shells and resolves when those there are have ended. */
  async ended(): Promise<void> {
    this.#isClosed = true;
    const { size } = this.#sessions;
    if (size > 0) this.#log(`The commands have ended; ${size === 1 ? "a shell is" : `${size} shells are`} still open`);
    await Promise.all(this.#sessions.values());
  }

  /** Opens no more shells and ends those there are. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#sessions.keys()].map((session) => session.kill()));
    await Promise.all(this.#sessions.values());
  }
}
