/** What a check has found. */

export type Finding =
  | { readonly result: "pass"; readonly what: string }
  | { readonly result: "warn" | "fail"; readonly what: string; readonly fix: readonly string[] }
  /** It cannot be asked here: another platform, nothing installed, or no rights. `fix` makes it possible, if anything does. */
  | { readonly result: "not-here"; readonly what: string; readonly fix: readonly string[] };

export type Result = Finding["result"];

export const pass = (what: string): Finding => ({ result: "pass", what });
/** `fix`: the commands that mend it, in order. */
export const warn = (what: string, ...fix: readonly string[]): Finding => ({ result: "warn", what, fix });
export const fail = (what: string, ...fix: readonly string[]): Finding => ({ result: "fail", what, fix });
export const notHere = (what: string, ...fix: readonly string[]): Finding => ({ result: "not-here", what, fix });

const byBadness: readonly Result[] = ["not-here", "pass", "warn", "fail"];

export function worst(results: readonly Result[]): Result {
  return results.reduce((one, other) => (byBadness.indexOf(other) > byBadness.indexOf(one) ? other : one), "not-here");
}

/** The commands of a finding; none for one that passed. */
export const fixOf = (finding: Finding): readonly string[] => (finding.result === "pass" ? [] : finding.fix);

/** One finding of several: the worst result, and everything that is wrong. `fine` is said when nothing is. */
export function together(findings: readonly Finding[], fine: string): Finding {
  const wrong = findings.filter((finding) => finding.result === "warn" || finding.result === "fail");
  if (wrong.length === 0) return pass(fine);
  const what = wrong.map((finding) => finding.what).join("; ");
  const fix = [...new Set(wrong.flatMap((finding) => fixOf(finding)))];
  return { result: worst(wrong.map(({ result }) => result)) === "fail" ? "fail" : "warn", what, fix };
}
