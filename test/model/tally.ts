/** Counts of what a run has tried and what came of it, for its last words. */

export class Tally {
  sequences = 0;
  requests = 0;
  readonly #messages = new Map<string, number>();
  readonly #cells = new Map<string, Map<string, number>>();

  message(kind: string): void {
    this.#messages.set(kind, (this.#messages.get(kind) ?? 0) + 1);
  }

  /** A request in a state, and its verdict. */
  count(cell: string, verdict: string): void {
    const row = this.#cells.get(cell) ?? new Map<string, number>();
    row.set(verdict, (row.get(verdict) ?? 0) + 1);
    this.#cells.set(cell, row);
  }

  /** Lines of a table: messages of the helper, then each request in each state. */
  *lines(): Generator<string> {
    yield `${this.sequences} sequences, ${this.requests} frames sent`;
    yield "what the helper said:";
    for (const [kind, times] of [...this.#messages].sort()) yield `  ${kind.padEnd(44)} ${times}`;
    yield `request, state (${this.#cells.size} cells): verdicts`;
    for (const [cell, row] of [...this.#cells].sort(([a], [b]) => a.localeCompare(b))) {
      yield `  ${cell.padEnd(30)} ${[...row].map(([verdict, times]) => `${verdict} ${times}`).join(", ")}`;
    }
  }
}
