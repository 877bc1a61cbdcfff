/**
 * The agent's hold on one task user. The helper takes one request per user at a time and ends the connection of whoever
 * asks out of turn, so the requests wait here for each other.
 */
import type { Socket } from "node:net";
import type { Answers, Exited, Gone, ProcessId, Ticket } from "../../shared/protocol/messages.ts";
import { attachInput, OutputStream } from "./data-connection.ts";
import { EngineError, type TaskUser } from "./engine.ts";
import { Gate } from "./gate.ts";
import { type HelperClient, HelperRefusedError } from "./helper-client.ts";
import { checkSpawnLimits } from "./spawn-limits.ts";

/** The helper bounds connections that have said nothing yet and tickets that wait; a spawn opens up to two. */
const gates = new WeakMap<HelperClient, Gate>();
const SPAWNS_AT_ONCE = 3;
const SPAWN_ATTEMPTS = 3;

export interface TaskProcess {
  readonly id: ProcessId;
  /** Rejects with EngineError `helper-lost`. */
  readonly exited: Promise<Exited>;
  readonly output: OutputStream;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** In the graphics session. Our own tools never are. */
  readonly graphical?: boolean;
}

interface Attached<T> {
  readonly ticket: Ticket;
  readonly stream: T;
}

interface Streams {
  readonly input?: Attached<Socket>;
  readonly output: Attached<OutputStream>;
}

export class TaskAccount {
  readonly user: TaskUser;
  readonly #id: Answers["createUser"]["user"];
  readonly #client: HelperClient;
  readonly #gate: Gate;
  readonly #turn = new Gate(1);
  #gone: Promise<Gone> | null = null;

  constructor(client: HelperClient, created: Answers["createUser"]) {
    const { user, name, uid, home } = created;
    this.#client = client;
    this.#id = user;
    this.user = { name, uid, home };
    this.#gate = gates.get(client) ?? new Gate(SPAWNS_AT_ONCE);
    gates.set(client, this.#gate);
  }

  get lost(): AbortSignal {
    return this.#client.lost;
  }

  /** Starts a command in the home with stdin /dev/null. Throws EngineError. */
  start(command: Command): Promise<TaskProcess> {
    return this.#inTurn(command, async () => this.#spawn(command, { output: await this.#attach(OutputStream.attach) }));
  }

  /** Starts one of our own tools, whose exit status is all of its answer. Throws EngineError. */
  startSilently(command: Command): Promise<Omit<TaskProcess, "output">> {
    return this.#inTurn(command, () => this.#request(command, {}));
  }

  /** Starts one of our own tools, which reads what is written to `input`. Throws EngineError. */
  startWithInput(command: Command): Promise<TaskProcess & { readonly input: Socket }> {
    return this.#inTurn(command, async () => {
      const input = await this.#attach(attachInput);
      try {
        const output = await this.#attach(OutputStream.attach);
        return { ...(await this.#spawn(command, { input, output })), input: input.stream };
      } catch (error) {
        input.stream.destroy();
        throw error;
      }
    });
  }

  /** Kills every process of the user and resolves to their number. Throws EngineError. */
  async kill(): Promise<number> {
    return this.#turn.enter(async () => {
      if (this.#gone) return 0;
      return (await this.#client.request("killUser", { user: this.#id })).killed;
    });
  }

  /** Kills one process and its group; nothing happens when it has ended. Throws EngineError. */
  async killProcess(process: ProcessId): Promise<void> {
    await this.#turn.enter(async () => {
      if (!this.#gone) await this.#client.request("signal", { process, signal: "SIGKILL" });
    });
  }

  /** Ends the user; every call gets the one answer. Throws EngineError. */
  delete(): Promise<Gone> {
    this.#gone ??= this.#turn.enter(() => this.#client.request("deleteUser", { user: this.#id }));
    return this.#gone;
  }

  async #inTurn<T>(command: Command, work: () => Promise<T>): Promise<T> {
    checkSpawnLimits(command.argv, command.env);
    return this.#turn.enter(() =>
      this.#gate.enter(() => {
        if (this.#gone) throw new EngineError("helper-refused", `The task user ${this.user.name} has ended.`);
        return this.#inTime(work);
      }),
    );
  }

  async #attach<T>(attach: (socketPath: string, ticket: Ticket) => Promise<T>): Promise<Attached<T>> {
    const { ticket } = await this.#client.request("ticket", {});
    return { ticket, stream: await attach(this.#client.socketPath, ticket) };
  }

  /** On a machine that stalls a ticket may have expired before its spawn: then new ones are taken. */
  async #inTime<T>(spawn: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await spawn();
      } catch (error) {
        const expired = error instanceof HelperRefusedError && error.refusal === "ticket-expired";
        if (!expired || attempt === SPAWN_ATTEMPTS) throw error;
      }
    }
  }

  async #spawn(command: Command, { input, output }: Streams): Promise<TaskProcess> {
    try {
      const tickets = { output: output.ticket, ...(input && { stdin: input.ticket }) };
      return { ...(await this.#request(command, tickets)), output: output.stream };
    } catch (error) {
      output.stream.destroy();
      throw error;
    }
  }

  async #request({ argv, env, graphical }: Command, tickets: { output?: Ticket; stdin?: Ticket }) {
    const { process, exited } = await this.#client.spawn({
      ...{ user: this.#id, argv: [...argv], env: { ...env } },
      ...tickets,
      ...(graphical && { graphical }),
    });
    return { id: process, exited };
  }
}
