/** The long poll: claimWork calls that wait, first come first served, for something to become pending. */

interface Waiter<Claim> {
  readonly claim: () => readonly Claim[];
  readonly answer: (claims: readonly Claim[]) => void;
}

export class ClaimWaiters<Claim> {
  readonly #queues = new Map<string, Set<Waiter<Claim>>>();
  #closed = false;

  /**
   * Claims at once if anything is pending, else waits its turn. Answers no claims after `timeoutMs`, when the signal
   * aborts (the caller has gone, so nothing may be claimed for it) and when the queue closes.
   */
  wait(
    taskQueueId: string,
    claim: () => readonly Claim[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<readonly Claim[]> {
    if (signal.aborted || this.#closed) return Promise.resolve([]);
    const waiters = this.#queues.get(taskQueueId) ?? new Set();
    // Whoever waited before this call comes first.
    const claims = waiters.size === 0 ? claim() : [];
    if (claims.length > 0) return Promise.resolve(claims);
    this.#queues.set(taskQueueId, waiters);
    return new Promise((resolve) => {
      const answer = (result: readonly Claim[]) => {
        waiters.delete(waiter);
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        resolve(result);
      };
      const giveUp = () => answer([]);
      const waiter = { claim, answer };
      const timer = setTimeout(giveUp, timeoutMs);
      signal.addEventListener("abort", giveUp, { once: true });
      waiters.add(waiter);
    });
  }

  /** Something became pending: serves waiters as soon as the change that made it so is complete. */
  wake(taskQueueId: string): void {
    queueMicrotask(() => {
      for (const waiter of this.#queues.get(taskQueueId) ?? []) {
        const claims = waiter.claim();
        if (claims.length === 0) return;
        waiter.answer(claims);
      }
    });
  }

  /** Ends every wait now. */
  close(): void {
    this.#closed = true;
    for (const waiters of this.#queues.values()) {
      for (const waiter of [...waiters]) waiter.answer([]);
    }
  }
}
