/** One defence taken out: an edit of a source file, and the tests that must notice. */
export interface Mutation {
  /** The defence, as a short sentence about what is missing now. */
  readonly without: string;
  /** A path below the project's root. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** At least one of these must fail. `name` is a part of a test's name; absent: the whole file. */
  readonly caughtBy: readonly { readonly file: string; readonly name?: string }[];
}
