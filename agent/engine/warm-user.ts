/** One task user made ahead: creating an account takes longer than anything else between a claim and its first command. */

import { messageOf } from "../thrown.ts";
import { EngineError } from "./engine.ts";
import type { TaskAccount } from "./task-account.ts";

export class WarmUser {
  readonly #create: () => Promise<TaskAccount>;
  readonly #failed: (message: string) => void;
  #warm: Promise<TaskAccount | null> | null = null;
  #closed = false;

  /** `failed` hears why a user could not be made ahead; the next `take` tries again, and throws what it meets. */
  constructor(create: () => Promise<TaskAccount>, failed: (message: string) => void) {
    this.#create = create;
    this.#failed = failed;
  }

  /** Begins to make a user when there is none. */
  refill(): void {
    if (this.#closed || this.#warm) return;
    this.#warm = this.#create().catch((error: unknown) => {
      this.#warm = null;
      this.#failed(messageOf(error));
      return null;
    });
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

  /** Ends the warm user, if there is one. Throws EngineError. */
  async close(): Promise<void> {
    this.#closed = true;
    const warm = await this.#warm;
    this.#warm = null;
    await warm?.delete();
  }
}
