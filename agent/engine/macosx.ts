/**
 * The macosx engine: a new user on the fly for each task, and the task runs with that user's credentials. All that needs
 * root is asked of the helper; everything else happens here or in processes of the task user.
 */
import { dirname } from "node:path";
import type { Answers, Gone } from "../../shared/protocol/messages.ts";
import { messageOf } from "../thrown.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { Canary } from "./canary.ts";
import { Change } from "./change.ts";
import { type Engine, EngineError, type NoUser, type SandboxBuilder } from "./engine.ts";
import { connectHelper, type HelperClient, HelperRefusedError } from "./helper-client.ts";
import { makeTemporaryDirectory } from "./place-file.ts";
import { MacosxBuilder } from "./sandbox.ts";
import { probeScreen } from "./screen.ts";
import { TaskAccount } from "./task-account.ts";
import { failureCode, WarmUser } from "./warm-user.ts";

/** A pino logger is one. */
export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface MacosxOptions {
  readonly socketPath: string;
  readonly log: EngineLog;
  /** Files and directories of the agent's own, which no task may look into. */
  readonly agentFiles?: readonly string[];
  /** Whether the commands of tasks run in the graphics session. */
  readonly graphicalTasks?: boolean;
  /** What says whether a session has a screen: launchctl, whose place is taken where there is none. */
  readonly launchctl?: string;
  /** How long to wait for the helper, in milliseconds. */
  readonly deadlineMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

const DEADLINE_MS = 30_000;

export class MacosxEngine implements Engine {
  /** Task users at once, as root has configured it. */
  readonly maxUsers: number;
  /** Task users in the graphics session at once, as root has configured it; 0: none. */
  readonly maxGraphical: number;
  readonly #graphicalTasks: boolean;
  readonly #launchctl: string;
  #homesDirectory: string | null = null;
  readonly #client: HelperClient;
  readonly #log: EngineLog;
  readonly #canary: Canary;
  readonly #accounts = new Set<TaskAccount>();
  /** Users that the helper has been asked for. */
  #making = 0;
  readonly #warm: WarmUser;
  /** A task user has ended, so there may be room for another, or one was made ahead; or the helper is lost. */
  readonly #room = new Change();

  constructor(client: HelperClient, limits: Answers["hello"]["limits"], options: MacosxOptions) {
    const { log, agentFiles = [], graphicalTasks = false, launchctl = "/bin/launchctl" } = options;
    this.maxUsers = limits.maxUsers;
    this.maxGraphical = limits.maxGraphical;
    this.#graphicalTasks = graphicalTasks;
    this.#launchctl = launchctl;
    this.#client = client;
    client.lost.addEventListener("abort", () => this.#room.ring(), { once: true });
    this.#log = log;
    this.#canary = new Canary(client.socketPath, agentFiles);
    this.#warm = new WarmUser(() => this.#create(), {
      failed: (message) => log.warn({ reason: message }, "no task user could be made ahead"),
      tried: () => this.#room.ring(),
    });
    this.#warm.refill();
  }

  get lost(): AbortSignal {
    return this.#client.lost;
  }

  get unsafe(): AbortSignal {
    return this.#canary.broken;
  }

  get homesDirectory(): string | null {
    return this.#homesDirectory;
  }

  get graphical(): boolean {
    return this.maxGraphical > 0;
  }

  /**
   * Resolves when the first task user is there, or cannot be had. Throws EngineError `isolation-broken`, or the reason of
   * `signal` when that is aborted before: directory services may take minutes.
   */
  async ready(signal?: AbortSignal): Promise<void> {
    await unlessAborted(this.#warm.filled(), signal);
    if (this.unsafe.aborted) throw this.unsafe.reason;
  }

  async newSandboxBuilder(signal?: AbortSignal): Promise<SandboxBuilder> {
    const account = await this.#take(signal);
    let gone: Promise<Gone> | null = null;
    const end = (): Promise<Gone> => {
      gone ??= this.#end(account);
      return gone;
    };
    // A user made ahead may have waited for hours. This goes on beside what comes before the first command.
    const isolated = this.#canary.probeSilently(account, this.#others(account));
    const probe = (): Promise<void> => probeScreen(account, this.#launchctl);
    return new MacosxBuilder(account, { isolated, graphical: this.#graphicalTasks, probeScreen: probe, end });
  }

  async whyNoUser(): Promise<NoUser | null> {
    const failure = await this.#warm.failure();
    if (failure === null || this.#isFull(failure)) return null;
    return { code: failureCode(failure), message: messageOf(failure) };
  }

  /** Whether there is no user to be had before one of those that live, or are made, has ended; or one has `since`. */
  #isFull(error: unknown, since = this.#room.next): boolean {
    const areOthers = this.#accounts.size + this.#making > 0 || this.#room.next !== since;
    return error instanceof HelperRefusedError && error.refusal === "no-free-user" && areOthers;
  }

  async probeScreen(): Promise<void> {
    const account = await this.#take(undefined);
    try {
      await probeScreen(account, this.#launchctl);
    } finally {
      // Until it has ended, no other user gets the session.
      if (!this.lost.aborted) await this.#end(account);
    }
  }

  /**
   * A task user; when the helper has none to give while others live, the first that is free. A uid waits until everybody
   * has ended who lived beside its last user, so many short tasks beside a long one can come to that.
   */
  async #take(signal: AbortSignal | undefined): Promise<TaskAccount> {
    for (;;) {
      const { next } = this.#room;
      const taken = this.#warm.take();
      try {
        return await unlessAborted(taken, signal);
      } catch (error) {
        if (signal?.aborted) void this.#endLate(taken);
        if (!this.#isFull(error, next)) {
          this.#room.ring(); // The place that it did not get.
          throw error;
        }
        this.#log.info({ reason: messageOf(error) }, "a task waits for a task user to end");
      }
      await unlessAborted(next, signal);
      this.lost.throwIfAborted();
    }
  }

  /** Nobody waits for it any more, so nobody else would end it. */
  async #endLate(taken: Promise<TaskAccount>): Promise<void> {
    try {
      await this.#end(await taken);
    } catch (error) {
      this.#log.info(
        { reason: messageOf(error) },
        "the user of a task that was canceled meanwhile could not be made or ended",
      );
      this.#room.ring();
    }
  }

  #others(account: TaskAccount): TaskAccount[] {
    return [...this.#accounts].filter((other) => other !== account);
  }

  async dispose(): Promise<void> {
    try {
      // A helper that is lost reaps by itself.
      if (!this.lost.aborted) await this.#warm.close();
    } finally {
      this.#client.close();
    }
  }

  async #create(): Promise<TaskAccount> {
    this.#making += 1;
    const made = await this.#client.request("createUser", {}).finally(() => {
      this.#making -= 1;
    });
    const account = new TaskAccount(this.#client, made);
    this.#log.info({ user: account.user.name, uid: account.user.uid }, "task user created");
    this.#accounts.add(account);
    // <tasksDir>/<name>/home
    this.#homesDirectory = dirname(dirname(account.user.home));
    try {
      await makeTemporaryDirectory(account);
      await this.#canary.probe(account, this.#others(account));
    } catch (error) {
      await this.#end(account);
      // Nothing of a task has run: whatever this machine lacks is no reason to end one.
      const isOurs = error instanceof EngineError && error.code !== "isolation-broken" && error.code !== "helper-lost";
      throw isOurs ? new EngineError("no-free-user", error.message) : error;
    }
    return account;
  }

  async #end(account: TaskAccount): Promise<Gone> {
    const gone = await account.delete().finally(() => this.#accounts.delete(account));
    this.#room.ring();
    const { name, uid } = account.user;
    const fields = { user: name, uid, ...gone };
    if (gone.state === "quarantined")
      this.#log.error(fields, "task user could not be proven gone: it is not used again");
    else this.#log.info(fields, gone.state === "gone" ? "task user gone" : "task user resting");
    this.#warm.refill();
    return gone;
  }
}

/** Connects to the helper and begins to make the first task user. Throws EngineError. */
export async function startMacosxEngine(options: MacosxOptions): Promise<MacosxEngine> {
  const { socketPath, log, deadlineMs = DEADLINE_MS, signal } = options;
  const { client, hello } = await connectHelper({ socketPath, deadlineMs, signal });
  const { helperVersion, live, quarantined } = hello;
  log.info({ helperVersion, live, resting: hello.resting.length, quarantined }, "connected to the helper");
  return new MacosxEngine(client, hello.limits, options);
}
