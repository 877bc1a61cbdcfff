/**
 * A wait for a time that matters to somebody else. Timers stand still while a machine sleeps, so the wall clock is looked at
 * as well; and that may be set back, so it is not all that counts.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** So late at most is a wait over that should have ended while the machine slept. */
const LOOK_MS = 5_000;

/** True when `ms` are over by the machine's own clock or by the wall's, whichever is first; false when it was aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  const [began, beganAt] = [performance.now(), Date.now()];
  for (;;) {
    if (signal.aborted) return false;
    const left = ms - Math.max(performance.now() - began, Date.now() - beganAt);
    if (left <= 0) return true;
    await sleep(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => undefined);
  }
}
