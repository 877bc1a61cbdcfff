/** News that many may wait for, each only for the next of it: nothing of a wait outlives that. */
export class Change {
  #next = Promise.withResolvers<void>();

  /** To be taken before a look at what may change, so that no change is missed between the look and the wait. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  ring(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }
}
