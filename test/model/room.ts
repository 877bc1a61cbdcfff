/** Whether a creation may be refused for want of room, by what was seen of the machine while it was in flight. */
import type { Eyes } from "./eyes.ts";

export class Room {
  readonly #eyes: Eyes;
  readonly #maxUsers: number;
  #mostLive: number;
  /** Uids that could have been given at any moment since the request. */
  #free: ReadonlySet<number>;

  /** `coming`: users in the making; on a real machine they may be live or not by the time the request is looked at. */
  constructor(eyes: Eyes, maxUsers: number, coming: number) {
    this.#eyes = eyes;
    this.#maxUsers = maxUsers;
    this.#mostLive = eyes.exact ? Math.max(eyes.live(), coming) : eyes.live() + coming;
    this.#free = new Set(eyes.freeUids());
  }

  look(): void {
    this.#mostLive = Math.max(this.#mostLive, this.#eyes.live());
    this.#free = this.#free.intersection(new Set(this.#eyes.freeUids()));
  }

  get wasShort(): boolean {
    return this.#mostLive >= this.#maxUsers || this.#free.size === 0;
  }
}
