/** launchd's jobs. Its answers come before it has done what it was asked: each is followed by a look. */
import { setTimeout as delay } from "node:timers/promises";
import { exitStatus } from "../../../shared/exit-status.ts";
import { Refusal } from "../../refusal.ts";
import type { Actions } from "../actions.ts";
import type { Machine } from "../machine.ts";
import type { JobStep, StopStep } from "../step.ts";

/** launchctl's: the job that was asked for is not loaded. */
const notLoaded = new Set([3, 113]);
/** The old one has not quite gone: input/output error, already in progress. */
const notYet = new Set([5, 37]);
const loadMs = 15_000;

type Job = Pick<JobStep, "label" | "domain" | "plist" | "stopSeconds">;

const target = ({ domain, label }: Job): string => `${domain}/${label}`;

async function isLoaded(machine: Machine, job: Job): Promise<boolean> {
  return (await machine.run("launchctl", "print", target(job))).exit === 0;
}

/** Whether there is such a domain: a graphics session is one while its user is logged in. */
export async function hasDomain(machine: Machine, domain: string): Promise<boolean> {
  return domain === "system" || (await machine.run("launchctl", "print", domain)).exit === 0;
}

type Unloaded =
  /** Its process has ended too. */
  | { readonly end: "gone" }
  /** It runs on as if nobody had asked. */
  | { readonly end: "refused"; readonly sentence: string }
  | { readonly end: "late"; readonly sentence: string };

/** launchd sends SIGTERM, with which the agent drains. */
async function unload(machine: Machine, job: Job): Promise<Unloaded> {
  if (!(await hasDomain(machine, job.domain))) return { end: "gone" };
  const { exit, stderr } = await machine.run("launchctl", "bootout", target(job));
  const deadline = Date.now() + job.stopSeconds * 1000;
  while (await isLoaded(machine, job)) {
    if (exit !== 0 && exit !== null && !notLoaded.has(exit) && !notYet.has(exit) && exit !== 36) {
      return { end: "refused", sentence: `launchd does not unload ${target(job)}: ${stderr.trim() || `exit ${exit}`}` };
    }
    if (Date.now() > deadline) {
      return { end: "late", sentence: `${target(job)} has not ended within ${job.stopSeconds} s: look at its tasks` };
    }
    await delay(machine.pollMs);
  }
  return { end: "gone" };
}

/** Loads it, which starts it. Without its domain it is left to the login that makes it. */
async function load(machine: Machine, job: Job): Promise<void> {
  if (!(await hasDomain(machine, job.domain))) return;
  if (await isLoaded(machine, job)) {
    const unloaded = await unload(machine, job);
    if (unloaded.end !== "gone") throw new Refusal(exitStatus.failed, unloaded.sentence);
  }
  // An earlier `launchctl disable` would outlive every reinstallation.
  await machine.run("launchctl", "enable", target(job));
  const deadline = Date.now() + loadMs;
  for (;;) {
    const { exit, stderr } = await machine.run("launchctl", "bootstrap", job.domain, machine.at(job.plist));
    if (exit === 0 || (await isLoaded(machine, job))) break;
    if (exit === null || !notYet.has(exit) || Date.now() > deadline) {
      throw new Refusal(exitStatus.failed, `launchd does not load ${job.plist} (exit ${exit}): ${stderr.trim()}`);
    }
    await delay(machine.pollMs);
  }
  await machine.run("launchctl", "kickstart", target(job));
}

export function job(machine: Machine, step: JobStep): Actions {
  return {
    async look(ours) {
      const isOurs = ours?.kind === "job" && ours.digest === step.digest;
      if (!(await hasDomain(machine, step.domain))) return { state: isOurs ? "done" : "to do" };
      return { state: isOurs && (await isLoaded(machine, step)) ? "done" : "to do" };
    },
    do: () => load(machine, step),
    async undo() {
      const unloaded = await unload(machine, step);
      return unloaded.end === "gone" ? null : unloaded.sentence;
    },
  };
}

export function stop(machine: Machine, step: StopStep): Actions {
  return {
    async look() {
      return { state: (await isLoaded(machine, step)) ? "to do" : "done" };
    },
    async do() {
      const unloaded = await unload(machine, step);
      if (unloaded.end !== "gone") throw new Refusal(exitStatus.failed, unloaded.sentence);
    },
    /**
     * A job that was asked to end cannot be told to stay, and launchd does not say which those are: each that is loaded is
     * waited for, as long as when it was asked, or it would end behind our back and stay down.
     */
    async undo() {
      try {
        const unloaded = await unload(machine, step);
        if (unloaded.end === "late") return unloaded.sentence;
        if (unloaded.end === "gone") await load(machine, step);
        return null;
      } catch (error) {
        if (error instanceof Refusal) return error.message;
        throw error;
      }
    },
  };
}
