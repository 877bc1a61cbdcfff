/** What the agent, without rights and with the worker's own configuration, hears from its services. */
import { exitStatus } from "../../shared/exit-status.ts";
import { parseServiceReport, type ServiceReport } from "../../shared/service-report.ts";
import { readStatus } from "./helper-status.ts";
import type { Installation } from "./installation.ts";
import type { Absolute, Machine, Ran } from "./machine.ts";
import type { Paths } from "./subject.ts";

export type AskedServices =
  | { readonly end: "asked"; readonly report: ServiceReport }
  /** There is no configuration, or not all of one. */
  | { readonly end: "not-configured"; readonly why: string }
  | { readonly end: "needs-root" }
  | { readonly end: "failed"; readonly why: string };

/** Five calls of 15 s each at worst, and the start of two programs. */
export const servicesTimeoutMs = 120_000;

/** The sentence of an error, with the names of the list below it where there is one. */
function sentenceOf(stderr: string): string {
  const lines = stderr.trimEnd().split("\n");
  const at = lines.findLastIndex((text) => text.startsWith("taskcluster-worker: "));
  const sentence = (lines[at] ?? lines.at(-1) ?? "").replace(/^taskcluster-worker: /, "");
  if (!sentence.endsWith(":")) return sentence.slice(0, 400);
  const below = lines.slice(at + 1);
  const listed = below.slice(0, below.findIndex((text) => !text.startsWith("  ")) >>> 0);
  return `${sentence} ${listed.map((text) => text.trim().split(" ")[0]).join(", ")}`.slice(0, 400);
}

export function judgeServices(ran: Ran): AskedServices {
  if (ran.end !== "exited") return { end: "failed", why: `check-service ${ran.why}` };
  const why = sentenceOf(ran.stderr);
  if (ran.status === exitStatus.misconfigured) return { end: "not-configured", why };
  const report = parseServiceReport(ran.stdout);
  return report ? { end: "asked", report } : { end: "failed", why: `check-service ended with ${ran.status}: ${why}` };
}

interface Asking {
  readonly machine: Machine;
  readonly paths: Paths;
  readonly launcher: Absolute;
  readonly installation: Installation | null;
}

/**
 * As root the starter drops to the agent's account, having opened the configuration for it. A worker that registers itself
 * is registered anew only while none runs: worker-manager would refuse the running one its next renewal. Never throws.
 */
export async function askServices({ machine, paths, launcher, installation }: Asking): Promise<AskedServices> {
  const { workerConfig, places } = paths;
  const root = machine.uid === 0;
  const hasConfig = machine.look(workerConfig) !== null;
  if (hasConfig && !root && installation?.agent?.uid !== machine.uid) return { end: "needs-root" };
  const config = hasConfig ? ["--config", workerConfig] : [];
  const account = root && installation?.agent ? ["--agent-user", installation.agent.name] : [];
  const register = readStatus(machine, places.status)?.agent === true ? [] : ["--register"];
  const words = ["check-service", ...config, ...account, ...register];
  return judgeServices(await machine.run(launcher, words, { timeoutMs: servicesTimeoutMs, graceMs: 5_000 }));
}
