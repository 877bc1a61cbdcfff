import { nearest } from "../nearest.ts";

/** ` (did you mean "…"?)`, or nothing when no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === null ? "" : ` (did you mean "${found}"?)`;
}
