/** The HTTP header Retry-After. */

/** Milliseconds that the other side asks to wait, by a number of seconds or a date; 0 when it says nothing usable. */
export function retryAfterMs(value: string | null | undefined): number {
  if (value === null || value === undefined) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
