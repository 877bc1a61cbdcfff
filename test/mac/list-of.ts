/** The probes of a module that exports them as `probes`, by its path. */
import type { Probe } from "./probe.ts";

function isProbe(value: unknown): value is Probe {
  return typeof value === "object" && value !== null && "number" in value && "ask" in value;
}

/** Throws when the module has no such list. */
export async function listOf(module: string): Promise<readonly Probe[]> {
  const { probes }: { probes?: unknown } = await import(module);
  if (Array.isArray(probes) && probes.every(isProbe)) return probes;
  throw new Error(`${module} has no list of probes`);
}
