/** A worker that only notes what plugins do to it, and time that passes when the test says so. */
import type { TestContext } from "node:test";
import type { WorkerControl } from "../../agent/plugins/plugin.ts";

export function controlled(): WorkerControl & { readonly done: string[] } {
  const done: string[] = [];
  return {
    done,
    stopGracefully: (why) => void done.push(`gracefully: ${why}`),
    stopNow: (why) => void done.push(`now: ${why}`),
  };
}

export function stopClock(t: TestContext): (ms: number) => void {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  return (ms) => {
    now += ms;
    t.mock.timers.tick(ms);
  };
}
