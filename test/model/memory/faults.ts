/** What goes wrong on the machine in memory, and how often it has. A fault that has not been met excuses nothing. */

export const faultKinds = [
  "dscl-flaky",
  "dscl-killed",
  "dscl-unreadable",
  "dscl-lies",
  "dscl-hangs",
  "id-blind",
  "uid-taken",
  "ps-fails",
  "ps-blind",
  "deathless",
  "sweep-leaves",
  "sweep-hangs",
  "comes-back",
  "home-stays",
  "mkdir-fails",
  "no-process",
  "journal-full",
  "audit-full",
] as const;
export type FaultKind = (typeof faultKinds)[number];
/** Beside these a fault can be a state of the machine: macOS refuses deletions, or an administrator changed a record. */
export type Met = FaultKind | "tcc" | "replaced";

export class Faults {
  readonly #armed = new Map<FaultKind, { after: number; times: number }>();
  readonly #met = new Map<Met, number>();

  /** The `times` calls behind the next `after` ones fail. */
  arm(kind: FaultKind, after: number, times: number): void {
    this.#armed.set(kind, { after, times });
  }

  /** Whether the call that asks is one that fails. */
  strikes(kind: FaultKind): boolean {
    const fault = this.#armed.get(kind);
    if (!fault || fault.times === 0) return false;
    if (fault.after > 0) {
      fault.after -= 1;
      return false;
    }
    fault.times -= 1;
    this.meet(kind);
    return true;
  }

  meet(kind: Met): void {
    this.#met.set(kind, this.met(kind) + 1);
  }

  met(kind: Met): number {
    return this.#met.get(kind) ?? 0;
  }

  /** How often each has been met so far. */
  get all(): ReadonlyMap<string, number> {
    return new Map(this.#met);
  }

  /** From here on everything works. */
  disarm(): void {
    this.#armed.clear();
  }
}
