/** A timer for long times. */

/** The longest delay that a Node timer takes; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Calls `ring` once after `ms`, however long that is. The answer stops it. */
export function startAlarm(ms: number, ring: () => void): () => void {
  const due = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const wait = () => {
    const left = due - performance.now();
    timer = left <= 0 ? setTimeout(ring, 0) : setTimeout(wait, Math.min(left, longestTimerMs));
  };
  wait();
  return () => clearTimeout(timer);
}
