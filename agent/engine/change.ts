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

/** Resolves with `news`. Throws the signal's reason when that is aborted before. */
export async function unlessAborted<T>(news: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return news;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([news, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
