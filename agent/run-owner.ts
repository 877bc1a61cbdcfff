/** What a run tells its worker, and asks it. */
export interface RunOwner {
  /** Something has gone wrong with the run, which may not be its own fault. */
  readonly troubled: () => void;
  /** Resolves when the poll under way is over, which would bring a task that was given back before. */
  readonly polled: () => Promise<unknown>;
}
