/**
 * Loaded into agent and helper of a soak, before their own code: on SIGUSR2 a process says on stderr what keeps it busy
 * and how large its heap is. The shipped processes know nothing of it.
 */
import { writeSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

process.on("SIGUSR2", () => {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, external } = process.memoryUsage();
  const told = { resources: process.getActiveResourcesInfo(), heapBytes: heapUsed + external };
  writeSync(2, `${JSON.stringify({ level: "debug", soak: told })}\n`);
});
