import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 20_000;

/** Resolves when `holds` does; it is asked every few milliseconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    assert(performance.now() < deadline, `${what} did not come`);
    await sleep(20);
  }
}
