/** One defence taken out: an edit of a source file, and the test that must notice. */
export interface Mutation {
  /** The defence, as a short sentence about what is missing now. */
  readonly without: string;
  /** A path below the project's root. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** The quickest test that fails then: its file, and a part of its name. */
  readonly caughtBy: readonly [file: string, name: string];
}
