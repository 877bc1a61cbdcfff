/**
 * Loaded into agent and helper of a soak, before their own code: on SIGUSR2 a process says on stderr what keeps it busy
 * and how much its heap holds. The shipped processes know nothing of it.
 */
import { writeSync } from "node:fs";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What V8 has compiled: it grows for thousands of tasks, while more functions become worth it, and ends by itself. */
const isCompiled = (space: string): boolean => /^(shared_)?(code|trusted)_/.test(space);

function heldBytes(): number {
  const held = getHeapSpaceStatistics().filter(({ space_name }) => !isCompiled(space_name));
  return held.reduce((sum, { space_used_size }) => sum + space_used_size, process.memoryUsage().external);
}

process.on("SIGUSR2", () => {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const told = { resources: process.getActiveResourcesInfo(), heapBytes: heldBytes() };
  writeSync(2, `${JSON.stringify({ level: "debug", soak: told })}\n`);
});
