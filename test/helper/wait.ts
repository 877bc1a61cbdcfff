/** Waits of tests: for a promise or a condition, never for a fixed time. */
import { setTimeout as delay } from "node:timers/promises";

const deadlineMs = 30_000;

/** The promise's result; rejects with a sentence when it has not come in `ms` milliseconds. */
export async function within<T>(promise: Promise<T>, what: string, ms = deadlineMs): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when `holds` does; rejects with a sentence when it has not come to that in `ms` milliseconds. */
export async function eventually(holds: () => boolean, what: string, ms = deadlineMs): Promise<void> {
  for (const until = performance.now() + ms; !holds(); await delay(20)) {
    if (performance.now() > until) throw new Error(`waited ${ms} ms in vain until ${what}`);
  }
}
