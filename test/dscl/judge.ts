/** Whether a directory did what a vector says: the stand-in's tests ask it, and so does the suite for a real Mac. */
import { isDeepStrictEqual } from "node:util";
import type { Result, State } from "./directory.ts";
import { outputPattern, type Vector } from "./vectors.ts";

/** Every record of a vector has a name that begins so. */
export const vectorPrefix = "_tcwtest-";

/** Attributes that a directory gives a record by itself; macOS has more of them than the stand-in. */
const madeByTheDirectory =
  /^(AppleMetaNodeLocation|GeneratedUID|RecordName|RecordType|dsAttrTypeNative:(_writers_\w+|accountPolicyData|record_daemon_version))$/;

function withoutMade(state: State): State {
  return Object.fromEntries(
    Object.entries(state).map(([path, attributes]) => [
      path,
      Object.fromEntries(Object.entries(attributes).filter(([key]) => !madeByTheDirectory.test(key))),
    ]),
  );
}

/** Sentences on what the call did otherwise; `before` and `after` are the records that the directory had. */
export function differences(vector: Vector, { stdout, stderr, exit }: Result, before: State, after: State): string[] {
  const said = (text: unknown): string => JSON.stringify(text);
  const wrong: string[] = [];
  if (!outputPattern(vector.stdout).test(stdout)) wrong.push(`stdout is ${said(stdout)}, not ${said(vector.stdout)}`);
  if (!outputPattern(vector.stderr).test(stderr)) wrong.push(`stderr is ${said(stderr)}, not ${said(vector.stderr)}`);
  if (exit !== vector.exit) wrong.push(`the exit is ${exit}, not ${vector.exit}`);
  const records = withoutMade(after);
  if (!isDeepStrictEqual(records, vector.after)) wrong.push(`left is ${said(records)}, not ${said(vector.after)}`);
  for (const [path, { GeneratedUID }] of Object.entries(after)) {
    const kept = before[path]?.["GeneratedUID"];
    if (!outputPattern("<GUID>").test(GeneratedUID?.[0] ?? ""))
      wrong.push(`${path} has the GeneratedUID ${GeneratedUID}`);
    if (kept && !isDeepStrictEqual(kept, GeneratedUID)) wrong.push(`${path} did not keep its GeneratedUID`);
  }
  return wrong;
}
