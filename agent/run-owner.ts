/** What a run tells its worker, and asks it. */
export interface RunOwner {
  /** Something has gone wrong with the run, which may not be its own fault. */
  readonly troubled: () => void;
  /** The task is to be given back: before the end of the run no poll begins, which would bring it again. */
  readonly givesBack: () => void;
  /** Resolves when the poll under way is over, which would bring it too. */
  readonly polled: () => Promise<unknown>;
}
