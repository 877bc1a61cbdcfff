/** What the reference sees of the machine, beside what the helper says. */

export class Deviation extends Error {}

export function deny(what: string): never {
  throw new Deviation(what);
}

/** A count of all faults met so far, by kind. */
export type Met = ReadonlyMap<string, number>;

/** What can be seen of the machine with one's own eyes, without the helper. */
export interface Eyes {
  /** Everything that can happen without time has happened when `settled` is called, so nothing may be late. */
  readonly exact: boolean;
  now(): number;
  /** Faults met so far. */
  met(): Met;
  /** The uid of the account of that name. */
  account(name: string): number | undefined;
  alive(uid: number): number;
  isAlive(pid: number): boolean;
  hasHome(name: string): boolean;
  /** The state in the journal's newest line of the name. */
  recorded(name: string): string | undefined;
  /** Uids that a creation which begins now could give. */
  freeUids(): readonly number[];
  /** Users in the journal that are neither resting nor quarantined. */
  live(): number;
  /** Process groups that root has signalled so far, where that can be seen. */
  groupSignals(): readonly string[];
}

/** Whether a fault of one of these kinds has been met since. */
export function wentWrong(eyes: Eyes, kinds: readonly string[], since: Met): boolean {
  const met = eyes.met();
  // A record that somebody replaced stays so: it may be a resting one, which is looked at much later.
  const then = (kind: string): number => (kind === "replaced" ? 0 : (since.get(kind) ?? 0));
  return kinds.some((kind) => (met.get(kind) ?? 0) > then(kind));
}
