/** Requests to the helper and their answers. Once anything is wrong the client is lost: nothing reconnects silently. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ErrorCode } from "../../shared/protocol/errors.ts";
import type { Answer, HelperMessage } from "../../shared/protocol/helper-messages.ts";
import { PROTOCOL } from "../../shared/protocol/limits.ts";
import type { Answers, Exited, ProcessId, RequestName, Requests } from "../../shared/protocol/messages.ts";
import { errorCode, messageOf } from "../thrown.ts";
import { ControlConnection } from "./control-connection.ts";
import { EngineError } from "./engine.ts";
import { isAnswerTo } from "./helper-messages.ts";
import { isSocketTrusted } from "./socket-chain.ts";

const POLL_MS = 100;
const DEFAULT_TIMEOUT_MS = 15_000;
/** How long the agent waits for an answer, in milliseconds, where it is not DEFAULT_TIMEOUT_MS. */
export const timeoutsMs: Partial<Record<RequestName, number>> = {
  createUser: 120_000,
  deleteUser: 180_000,
  killUser: 60_000,
};
/** The helper is starting, or reaping what its last agent left. */
const transient = ["ENOENT", "EACCES", "ECONNREFUSED", "busy"];

/** No task can be run now, by whatever it was that could not be done. */
const noUserNow: readonly ErrorCode[] = ["graphics-full", "no-free-user", "create-failed", "journal-unwritable"];

/** The helper said no to one request; the connection goes on. */
export class HelperRefusedError extends EngineError {
  readonly refusal: ErrorCode;
  constructor(refusal: ErrorCode, message: string) {
    super(noUserNow.includes(refusal) ? "no-free-user" : "helper-refused", message);
    this.name = "HelperRefusedError";
    this.refusal = refusal;
  }
}

interface Pending {
  name: RequestName;
  timer: NodeJS.Timeout;
  answered(answer: Answer): void;
  failed(error: EngineError): void;
}

export interface Started {
  readonly process: ProcessId;
  readonly pid: number;
  readonly exited: Promise<Exited>;
}

export type Body<N extends RequestName> = Omit<Requests[N], "id">;

export class HelperClient {
  readonly socketPath: string;
  /** Per request name, in milliseconds; a request that takes longer loses the client. */
  readonly #timeoutsMs: Partial<Record<RequestName, number>>;
  readonly #connection: ControlConnection;
  readonly #lost = new AbortController();
  readonly #pending = new Map<number, Pending>();
  readonly #ends = new Map<ProcessId, PromiseWithResolvers<Exited>>();
  /** Processes whose end came before the answer to their spawn: never more than spawns under way. */
  readonly #early = new Set<ProcessId>();
  #lastId = 0;
  #ended: { reason: EngineError; code: string | undefined } | null = null;
  #closing = false;

  /** Connects without looking at who owns the socket: connectHelper does. */
  constructor(socketPath: string, timeouts: Partial<Record<RequestName, number>> = {}) {
    this.socketPath = socketPath;
    this.#timeoutsMs = { ...timeoutsMs, ...timeouts };
    this.#connection = new ControlConnection(socketPath, {
      message: (message) => this.#heard(message),
      ended: (reason, cause) => this.#end(reason, errorCode(cause)),
    });
  }

  /** Aborted, with an EngineError as reason, when the connection ends without `close`. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Why the connection ended: a system or protocol error code where there was one. */
  get endCode(): string | undefined {
    return this.#ended?.code;
  }

  /** Throws HelperRefusedError, or EngineError `helper-lost`. */
  request<N extends RequestName>(name: N, body: Body<N>): Promise<Answers[N]> {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended.reason;
      this.#lastId += 1;
      const id = this.#lastId;
      // Before it counts as asked: a frame that is too large throws.
      this.#connection.send(name, { id, ...body });
      const limitMs = this.#timeoutsMs[name] ?? DEFAULT_TIMEOUT_MS;
      const timer = setTimeout(() => {
        this.#lose(`The helper did not answer '${name}' within ${limitMs / 1000} s.`);
      }, limitMs);
      const answered = (answer: Answer): void => {
        if (isAnswerTo(answer, name)) resolve(answer.result);
      };
      this.#pending.set(id, { name, timer, answered, failed: reject });
    });
  }

  /** Starts a process. Throws as `request` does; `exited` rejects when the client is lost first. */
  async spawn(body: Body<"spawn">): Promise<Started> {
    const { process, pid } = await this.request("spawn", body);
    const end = this.#ends.get(process);
    if (!end) throw this.#ended?.reason ?? new EngineError("helper-lost", "The end of a process was not awaited.");
    const forget = (): boolean => this.#ends.delete(process);
    end.promise.then(forget, forget);
    return { process, pid, exited: end.promise };
  }

  /** Ends the connection on purpose: the helper reaps what is left. `lost` does not fire. */
  close(): void {
    this.#closing = true;
    this.#connection.end(new EngineError("helper-lost", "The agent has closed its connection to the helper."));
  }

  #lose(message: string): void {
    this.#connection.end(new EngineError("helper-lost", message));
  }

  #end(reason: EngineError, code?: string): void {
    this.#ended ??= { reason, code };
    for (const { timer, failed } of this.#pending.values()) {
      clearTimeout(timer);
      failed(this.#ended.reason);
    }
    this.#pending.clear();
    if (!this.#closing) this.#lost.abort(this.#ended.reason);
    for (const { reject } of this.#ends.values()) reject(this.#ended.reason);
    this.#ends.clear();
  }

  #heard(message: HelperMessage): void {
    if (message.type === "fatal") {
      const { code, message: text } = message.data;
      this.#ended = {
        reason: new EngineError("helper-lost", `The helper ended the connection: ${text} (${code}).`),
        code,
      };
      this.#lose(text);
    } else if (message.type === "exited") {
      this.#heardExited(message.data);
    } else {
      const pending = this.#pending.get(message.data.id);
      if (pending?.name !== message.data.request) {
        this.#lose("The helper answered a request that nobody made.");
        return;
      }
      this.#pending.delete(message.data.id);
      clearTimeout(pending.timer);
      if (message.type === "refused") {
        pending.failed(new HelperRefusedError(message.data.code, message.data.message));
      } else {
        // Before the next message is looked at, which may be the end of this very process.
        if (message.data.request === "spawn") this.#heardSpawn(message.data.result.process);
        pending.answered(message.data);
      }
    }
  }

  #heardExited(exited: Exited): void {
    const spawning = [...this.#pending.values()].filter(({ name }) => name === "spawn").length;
    if (!this.#ends.has(exited.process)) {
      if (this.#early.size >= spawning) {
        this.#lose("The helper reported the end of an unknown process.");
        return;
      }
      this.#early.add(exited.process);
    }
    this.#endOf(exited.process).resolve(exited);
  }

  #heardSpawn(process: ProcessId): void {
    this.#early.delete(process);
    this.#endOf(process);
  }

  #endOf(process: ProcessId): PromiseWithResolvers<Exited> {
    const known = this.#ends.get(process);
    if (known) return known;
    const end = Promise.withResolvers<Exited>();
    // Whoever waits for it sees the rejection; a process nobody waits for must not end the agent.
    end.promise.catch(() => undefined);
    this.#ends.set(process, end);
    return end;
  }
}

async function hello(client: HelperClient): Promise<Answers["hello"]> {
  const foreign = (said: string): EngineError =>
    new EngineError("helper-lost", `${said}, this agent speaks ${PROTOCOL}: install both from one version.`);
  const answer = await client.request("hello", { protocol: PROTOCOL }).catch((error: unknown) => {
    if (error instanceof HelperRefusedError && error.refusal === "protocol-version") throw foreign(error.message);
    throw error;
  });
  if (answer.protocol !== PROTOCOL) throw foreign(`The helper speaks protocol ${answer.protocol}`);
  return answer;
}

/**
 * Waits until the helper listens, looks at who owns its socket, connects and says hello. `deadlineMs` milliseconds for
 * all of it. Throws EngineError: at once when the socket cannot be trusted, the helper refuses or `signal` is aborted, else
 * at the deadline.
 */
export async function connectHelper(options: {
  socketPath: string;
  deadlineMs: number;
  signal?: AbortSignal | undefined;
}): Promise<{ client: HelperClient; hello: Answers["hello"] }> {
  const { socketPath, deadlineMs, signal } = options;
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    let problem = "its socket is not there";
    if (await isSocketTrusted(socketPath)) {
      const leftMs = Math.max(1, deadline - performance.now());
      const client = new HelperClient(socketPath, { hello: Math.min(leftMs, DEFAULT_TIMEOUT_MS) });
      const stop = (): void => client.close();
      signal?.addEventListener("abort", stop);
      try {
        return { client, hello: await hello(client) };
      } catch (error) {
        const mayPass = transient.includes(client.endCode ?? "");
        client.close();
        if (!mayPass) throw error;
        problem = messageOf(error);
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    }
    if (signal?.aborted) throw new EngineError("helper-lost", "The helper is not waited for any longer.");
    if (performance.now() + POLL_MS > deadline) {
      throw new EngineError(
        "helper-lost",
        `The helper did not answer at '${socketPath}' within ${deadlineMs / 1000} s (${problem}): is it running, and is this account in the socket's group?`,
      );
    }
    await sleep(POLL_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}
