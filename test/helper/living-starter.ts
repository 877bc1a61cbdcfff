/** Registers the test's own process as a starter: while it lives, nobody else's end removes the agent's account. */
import { mkdirSync } from "node:fs";
import { takeLock } from "../../helper/lock.ts";
import { starters } from "../../helper/places.ts";

const held = new Set<object>();

export function liveAsStarter(): void {
  mkdirSync(starters, { recursive: true, mode: 0o700 });
  const lock = takeLock(`${starters}/${process.pid}`);
  if (lock) held.add(lock);
}
