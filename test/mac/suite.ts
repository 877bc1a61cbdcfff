/** Asks one probe after the other, and removes what each has left before the next begins. */
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { cleanUp } from "./clean-up.ts";
import { Ledger } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { Answer, Probe } from "./probe.ts";
import { killGroup } from "./run-program.ts";

export const verdicts = ["holds", "differs", "failed", "not asked"] as const;

/** One probe with its answer, as the report has it. */
export interface Verdict {
  readonly probe: Omit<Probe, "ask" | "seconds">;
  readonly verdict: (typeof verdicts)[number];
  /** What was seen; why it failed; why it was not asked. */
  readonly seen: string;
  readonly more: readonly string[];
  /** Sentences on what the probe left and could not be removed. */
  readonly left: readonly string[];
  readonly ms: number;
}

export interface Judging {
  readonly list: string;
  readonly file: string;
  readonly machine: Machine;
  readonly disposable: boolean;
}

type Outcome = Pick<Verdict, "verdict" | "seen"> & { readonly more?: readonly string[] };

/** Children that run now: to be killed when the suite itself is ended. */
const running = new Set<number>();

export function killRunning(): void {
  for (const pid of running) killGroup(pid);
}

/** Node's last line of an uncaught error that says something. */
function causeOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => /^\w*Error\b.*: /.test(line)) ?? lines.findLast((line) => line !== "") ?? "no word";
}

function isAnswer(value: unknown): value is Answer | { readonly notAsked: string } {
  return typeof value === "object" && value !== null && ("seen" in value || "notAsked" in value);
}

function outcomeOf(probe: Probe, stdout: string): Outcome {
  const answer: unknown = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  if (!isAnswer(answer)) throw new Error(`it answered ${JSON.stringify(answer)}`);
  if ("notAsked" in answer) return { verdict: "not asked", seen: answer.notAsked };
  return { ...answer, verdict: probe.expected.includes(answer.seen) ? "holds" : "differs" };
}

/** Why an installing probe is not asked elsewhere. */
const notDisposable = "it installs the worker: on a Mac that can be thrown away, ask with --disposable";

async function ask(probe: Probe, list: string, ledger: Ledger, machine: Machine): Promise<Outcome> {
  const seconds = probe.seconds ?? 60;
  const argv = [join(import.meta.dirname, "ask.ts"), list, `${probe.number}`, ledger.file, JSON.stringify(machine)];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...argv], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = child.pid ?? 0;
  running.add(pid);
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), seconds * 1000);
  const exited = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exit, signal) => resolve(exit === 0 ? "" : `${signal ?? `exit ${exit}`}`));
  });
  // Not to the end of the streams: what a probe has started may hold them open.
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  try {
    const end = await Promise.race([exited, late.promise]);
    if (end === "late") return { verdict: "failed", seen: `no answer in ${seconds} s` };
    killGroup(pid);
    if (end !== "") return { verdict: "failed", seen: `${end}: ${causeOf(await stderr)}` };
    return outcomeOf(probe, await stdout);
  } catch (error) {
    return { verdict: "failed", seen: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    killGroup(pid);
    running.delete(pid);
  }
}

/**
 * `disposable`: this Mac can be thrown away, so that the worker may be installed on it. `list`: absolute path of the module that
 * exports `probes`. `file`: where the ledger is kept meanwhile.
 */
export async function* judge(
  probes: readonly Probe[],
  { list, file, machine, disposable }: Judging,
): AsyncGenerator<Verdict, void, undefined> {
  for (const probe of probes) {
    const ledger = new Ledger(file);
    const begun = performance.now();
    const { more = [], ...outcome } =
      probe.installs && !disposable
        ? ({ verdict: "not asked", seen: notDisposable } as const)
        : await ask(probe, list, ledger, machine);
    const ms = Math.round(performance.now() - begun);
    const left = await cleanUp(ledger.all(), machine);
    if (existsSync(file)) rmSync(file);
    const { ask: _ask, seconds: _seconds, ...said } = probe;
    yield { probe: said, ...outcome, more, left, ms };
  }
}
