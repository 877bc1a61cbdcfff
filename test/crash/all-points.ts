/** Plays a fault at each point that the lives pass, and counts the ends. */
import type { Fault } from "./fault.ts";
import { type Life, lives } from "./life.ts";
import type { Case, Matrix } from "./matrix.ts";

export const faults = ["kill", "fill", "ENOSPC", "EIO"] as const;
export type FaultName = (typeof faults)[number];

export function isFaultName(text: string): text is FaultName {
  return faults.some((name) => name === text);
}

export interface Choice {
  readonly pattern: RegExp;
  /** Every passing of a point; else the first and the last one. */
  readonly allPassings: boolean;
  /** Part `shard` of `shards`, from 1. */
  readonly shard: number;
  readonly shards: number;
}

export interface Table {
  readonly lines: readonly string[];
  readonly different: number;
}

/** A point that a life passed, and how often. */
export interface Passed {
  readonly life: Life;
  /** With its step: `life.ts#endUser#2:after await-sweep`. */
  readonly line: string;
  readonly times: number;
}

/** What a life passes when nothing disturbs it. Throws when it does not end as it must. */
export async function recordLife(matrix: Matrix, life: Life): Promise<Passed[]> {
  const outcome = await matrix.play({ life, at: "", passing: 1, fault: { kind: "none" } });
  const wrong = [...outcome.wrong, ...matrix.differences(outcome.state)];
  if (wrong.length > 0 || outcome.story.error) {
    throw new Error(`an undisturbed life goes wrong: ${outcome.story.error} ${wrong.join("; ")}`);
  }
  const times = Map.groupBy(outcome.passed, (line) => line);
  return Array.from(times, ([line, each]) => ({ life, line, times: each.length }));
}

/** Calls that can fail for want of room, or at all; a disk fills up anywhere. Before a step: after it is before the next. */
function canFail(line: string, fault: FaultName): boolean {
  if (fault === "kill") return true;
  if (!line.includes(":before ")) return false;
  if (fault === "fill") return true;
  if (!line.endsWith("Sync")) return false;
  return fault === "EIO" || /(mkdir|writeFile|write|link|open)Sync$/.test(line);
}

/** In the recovery the same code runs at another time, before anybody can connect. */
const endsUser =
  /^(life|records|directories|reap)\.ts#(endUser|removeRecords|verifyRecords|remove|killProcesses|sweep)#/;

/** The cases of a fault. What a life passes before its user exists is the same in all: `asked` has it. */
export function casesOf(matrix: Matrix, passed: readonly Passed[], fault: FaultName, choice: Choice): Case[] {
  const kinds: Record<FaultName, Fault> = {
    kill: { kind: "kill" },
    fill: { kind: "fill", folders: matrix.folders },
    ENOSPC: { kind: "throw", code: "ENOSPC", lasting: true },
    EIO: { kind: "throw", code: "EIO", lasting: false },
  };
  const asked = new Set(passed.filter(({ life }) => life === "asked").map(({ line }) => line));
  const own = passed.filter(
    ({ life, line }) => life === "asked" || !asked.has(line) || (life === "recovered" && endsUser.test(line)),
  );
  const cases = own
    .filter(({ line }) => choice.pattern.test(line) && canFail(line, fault))
    .flatMap(({ life, line, times }) => {
      const all = Array.from({ length: times }, (_, index) => index + 1);
      const [at = ""] = line.split(" ");
      const chosen = choice.allPassings ? all : [...new Set([1, times])];
      return chosen.map((passing): Case => ({ life, at, passing, fault: kinds[fault] }));
    });
  return cases.filter((_, index) => index % choice.shards === choice.shard - 1);
}

export async function playAll(
  matrix: Matrix,
  fault: FaultName,
  choice: Choice,
  say: (line: string) => void,
): Promise<Table> {
  const passed: Passed[] = [];
  for (const life of lives) passed.push(...(await recordLife(matrix, life)));
  const cases = casesOf(matrix, passed, fault, choice);
  say(`${new Set(passed.map(({ line }) => line)).size} points, ${cases.length} cases of ${fault} here`);
  let [struck, same, honest, missed] = [0, 0, 0, 0];
  const bad: string[] = [];
  for (const [index, each] of cases.entries()) {
    const name = `${each.life} ${each.at} ×${each.passing}`;
    const outcome = await matrix.play(each);
    const differs = matrix.differences(outcome.state);
    const reached = outcome.passed.filter((line) => line.startsWith(`${each.at} `)).length >= each.passing;
    if (!reached) missed += 1;
    else struck += 1;
    // A killed helper's user is ended by the next one. After another fault a quarantine is honest too.
    const wrong = fault === "kill" ? [...outcome.wrong, ...differs] : outcome.wrong;
    if (wrong.length > 0) bad.push(`${name}: ${wrong.join("; ")}`);
    else if (differs.length === 0) same += 1;
    else honest += 1;
    const verdict =
      wrong.length > 0 ? `DIFFERENT ${wrong.join("; ")}` : differs.length > 0 ? "kept, known" : "same end";
    const told = outcome.story.gone?.state ?? (outcome.story.error ? `${outcome.story.error}` : "");
    say(`${index + 1}/${cases.length} ${name}: ${reached ? outcome.ended : "not reached"}, ${verdict}  ${told}`);
    if (outcome.state.accounts.length + outcome.state.graves.length > 0) await matrix.forget();
  }
  const lines = [
    `fault                 ${fault}`,
    `points                ${new Set(cases.map(({ at }) => at)).size}`,
    `cases                 ${cases.length}`,
    `struck                ${struck}`,
    `not reached this time ${missed}`,
    `same end              ${same}`,
    `resting, quarantined  ${honest}`,
    `different end         ${bad.length}`,
    ...bad.map((line) => `  ${line}`),
  ];
  return { lines, different: bad.length };
}
