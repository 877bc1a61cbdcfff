/** The artifacts of a finished run, read straight from the embedded queue. */
import type { ArtifactRecord } from "../local/queue.ts";
import type { FinalArtifact } from "./run-report.ts";

/** A link that leads in a circle, or very far, has no bytes. */
const longestChain = 8;

/** Each artifact with its bytes, where it has any here. */
export function finalArtifacts(records: readonly ArtifactRecord[]): FinalArtifact[] {
  const byName = new Map(records.map((record) => [record.name, record]));
  return records.map((record) => {
    let target: ArtifactRecord | undefined = record;
    for (let hop = 0; target?.link !== undefined && hop < longestChain; hop++) target = byName.get(target.link);
    return { name: record.name, storageType: record.storageType, stored: target?.blob ?? null };
  });
}
