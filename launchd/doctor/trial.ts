/** A tiny task, run as any other: an agent without rights greets a helper of its own, and a user is made and deleted. */
import { join } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import type { Machine, Ran } from "./machine.ts";

export type Trial =
  /** `account`: whether the record is still there; `resting` when macOS refused to delete it. */
  | { readonly end: "gone"; readonly user: string; readonly account: boolean | "resting"; readonly completed: boolean }
  /** All slices are held by running workers. */
  | { readonly end: "busy" }
  | { readonly end: "failed"; readonly why: string; readonly greeted: boolean };

/** A task has 60 s; the end of its user and of the helper, that much again. */
export const trialTimeoutMs = 180_000;
const graceMs = 20_000;

type Event = ReadonlyMap<string, unknown>;

/** What is no JSON object is no event. */
function eventsOf(stdout: string): Event[] {
  return stdout.split("\n").flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === "object" && value !== null ? [new Map<string, unknown>(Object.entries(value))] : [];
    } catch {
      return [];
    }
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
}

/** What `run-task --json` told of the task's end. */
export function judgeTrial(ran: Ran): Trial {
  if (ran.end !== "exited") return { end: "failed", why: `run-task ${ran.why}`, greeted: false };
  if (ran.status === exitStatus.busy) return { end: "busy" };
  const events = eventsOf(ran.stdout);
  const greeted = events.some((event) => event.get("event") === "user");
  const gone = events.findLast((event) => event.get("event") === "gone");
  const proof = new Map<string, unknown>(Object.entries(gone?.get("proof") ?? {}));
  const [account, user] = [proof.get("account"), gone?.get("user")];
  if (typeof user !== "string" || (typeof account !== "boolean" && account !== "resting")) {
    return { end: "failed", why: `run-task ended with ${ran.status}: ${lastLine(ran.stderr)}`, greeted };
  }
  return { end: "gone", user, account, completed: gone?.get("state") === "completed" };
}

/** Only root can. Never throws. */
export async function runTrial(machine: Machine, launcher: `/${string}`): Promise<Trial> {
  const task = join(import.meta.dirname, "trial.yml");
  return judgeTrial(await machine.run(launcher, ["run-task", task, "--json"], { timeoutMs: trialTimeoutMs, graceMs }));
}
