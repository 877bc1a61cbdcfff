/** One task user made ahead: creating an account takes longer than anything else between a claim and its first command. */

import { Rest } from "../rest.ts";
import { messageOf } from "../thrown.ts";
import { EngineError } from "./engine.ts";
import { HelperRefusedError } from "./helper-client.ts";
import type { TaskAccount } from "./task-account.ts";

/** A user that is still being made is waited for so long; then the helper ends it with the connection. */
const CLOSE_MS = 5_000;

/** What is the same in each failure of a kind; the sentences name users, which are new each time. */
export function failureCode(error: unknown): string {
  if (error instanceof HelperRefusedError) return error.refusal;
  return error instanceof EngineError ? error.code : messageOf(error);
}

export interface WarmUserEvents {
  /** Why a user could not be made ahead, once as long as its code is the same; the next `take` tries again, and throws what it meets. */
  failed(message: string): void;
  /** There is a user, for whoever comes or waits; or none, and its place is free again. */
  tried(): void;
}

export class WarmUser {
  readonly #create: () => Promise<TaskAccount>;
  readonly #events: WarmUserEvents;
  #warm: Promise<TaskAccount | null> | null = null;
  #closed = false;
  #failure: unknown = null;
  readonly #rest = new Rest();

  constructor(create: () => Promise<TaskAccount>, events: WarmUserEvents) {
    this.#create = create;
    this.#events = events;
  }

  /** Begins to make a user when there is none. */
  refill(): void {
    if (this.#closed || this.#warm) return;
    const making = this.#make().catch((error: unknown) => {
      if (this.#warm === making) this.#warm = null; // Somebody may wait for this one, and the next be under way.
      this.#rest.ended(false, messageOf(error));
      const isNews = this.#failure === null || failureCode(this.#failure) !== failureCode(error);
      if (isNews && !this.#closed) this.#events.failed(messageOf(error));
      this.#failure = error;
      this.#events.tried();
      return null;
    });
    this.#warm = making;
  }

  async #make(): Promise<TaskAccount> {
    const account = await this.#create();
    this.#failure = null;
    this.#rest.ended(true, null);
    this.#events.tried();
    return account;
  }

  /** Why the newest user could not be made ahead, tried again when that is long enough ago; null when it could. */
  async failure(): Promise<unknown> {
    if (this.#failure === null) return null;
    if (this.#rest.leftMs === 0) this.refill();
    // One that was begun before it may have failed after it was made; nobody would take it, and end that, while this is asked.
    if (await this.#warm) this.#failure = null;
    return this.#failure;
  }

  /** Resolves when the warm user is there, or could not be made. */
  async filled(): Promise<void> {
    await this.#warm;
  }

  /** The warm user, or a new one. The next one is begun when this one is there. Throws EngineError. */
  async take(): Promise<TaskAccount> {
    if (this.#closed) throw new EngineError("helper-lost", "The engine has been disposed.");
    const warm = this.#warm;
    this.#warm = null;
    const account = (await warm) ?? (await this.#create());
    this.refill();
    return account;
  }

  /** Ends the warm user, if there is one; one that is long in the making is left to the end of the connection. Throws EngineError. */
  async close(): Promise<void> {
    this.#closed = true;
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), CLOSE_MS);
    const warm = await Promise.race([this.#warm, late.promise]);
    clearTimeout(timer);
    this.#warm = null;
    await warm?.delete();
  }
}
