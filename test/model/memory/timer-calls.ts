/** Stands in for `node:timers/promises`, and for the global timers, with the clock of the running sequence. */
import type { Timer } from "./clock.ts";
import { theMachine } from "./machine.ts";

export const setTimeout = (ms: number): Promise<void> => theMachine().clock.wait(ms);

/** From here on this process has no other time than that of its sequences. */
export function replaceGlobalTime(): void {
  const performance = { now: () => theMachine().clock.now };
  const own = {
    setTimeout: (fire: () => void, ms: number): Timer => theMachine().clock.after(ms, fire),
    clearTimeout: (timer: Timer | undefined): void => timer && theMachine().clock.clear(timer),
    performance,
  };
  for (const [name, value] of Object.entries(own)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}
