/** What a run tells its worker, and asks it. */
export interface RunOwner {
  /** Something has gone wrong with the run, which may not be its own fault. */
  readonly troubled: () => void;
  /** Before the end of the run no poll begins: it would bring the task that is given back, or one that fares no better. */
  readonly holdPolls: () => void;
  /** Resolves when the poll under way is over, which would bring it too. */
  readonly polled: () => Promise<unknown>;
}
