/** What a run tells its worker, and asks it. */
export interface RunOwner {
  /** Something has gone wrong with the run, which may not be its own fault. */
  readonly troubled: () => void;
  /**
   * The run is over, and the queue is told next. `begun`: its first command was about to run; `hindrance`: why not, when
   * the machine was to blame.
   */
  readonly over: (begun: boolean, hindrance: string | null) => void;
  /** Resolves when the poll under way is over, which would bring a task that was given back before. */
  readonly polled: () => Promise<unknown>;
}
