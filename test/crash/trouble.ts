/** Tools that fail: what the agent is told must be true, and nobody may be lost. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Answers } from "../../shared/protocol/messages.ts";
import { accountOf } from "../helper/machine.ts";
import type { Plan } from "./fault.ts";
import type { Matrix } from "./matrix.ts";

/** `refused`: there was no user to be had. */
type End = Answers["deleteUser"]["state"] | "refused";

interface Trouble {
  readonly name: string;
  /** Modes of the dscl stand-in from the start. */
  readonly modes?: string;
  /** Modes from when the task runs. */
  readonly later?: string;
  /** Lines of bash in the place of /bin/ps, from when the task runs. */
  readonly ps?: string;
  readonly end: End;
  /** What is left once an honest helper has taken over: nothing, unless macOS still keeps the record. */
  readonly kept?: "resting";
}

/** Of the helper's own deadlines, so that waiting for a hanging tool does not take minutes. */
const hurry: Plan["replace"] = [
  { file: "dscl.ts", from: "timeoutMs = 20_000", to: "timeoutMs = 1_000" },
  { file: "records.ts", from: "visibleMs = 10_000", to: "visibleMs = 1_000" },
];
/** Where no answer can come, the kill rounds need not wait for it for long. */
const giveUpSoon: Plan["replace"] = [{ file: "reap.ts", from: "[10_000, 40_000]", to: "[1_500, 40_000]" }];
const [users, groups] = ["/Users/tcw-", "/Groups/tcw-"];

export const troubles: readonly Trouble[] = [
  { name: "TCC forbids deletion", modes: "tcc=denied", end: "resting", kept: "resting" },
  { name: "create is lied about", modes: "lie=create", end: "refused" },
  { name: "create of users is lied about", modes: `lie=create:${users}`, end: "refused" },
  { name: "delete is lied about", later: "lie=delete", end: "quarantined" },
  { name: "delete of groups is lied about", later: `lie=delete:${groups}`, end: "quarantined" },
  { name: "create hangs", modes: "hang=create", end: "refused" },
  { name: "read hangs from the start of a task", later: "hang=read", end: "quarantined" },
  { name: "delete hangs", later: "hang=delete", end: "quarantined" },
  { name: "readall hangs", modes: "hang=readall", end: "refused" },
  { name: "dscl is not implemented in passing", modes: "flaky=eNotYetImplemented:3", end: "gone" },
  { name: "dscl dies in passing", modes: "flaky=SIGKILL:3", end: "gone" },
  { name: "dscl dies for ever", modes: "flaky=SIGKILL:999", end: "refused" },
  { name: "dscl dies for ever at the end", later: "flaky=SIGKILL:999", end: "quarantined" },
  { name: "dscl is not implemented at the end", later: "flaky=eNotYetImplemented:999", end: "quarantined" },
  { name: "records are seen late", modes: "lag=400", end: "gone" },
  { name: "a stranger takes the uid", modes: "foreign=UID", end: "gone" },
  { name: "ps fails", ps: "exit 1", end: "quarantined" },
  { name: "ps hangs", ps: "exec sleep 1000", end: "quarantined" },
  { name: "ps dies", ps: "kill -KILL $$", end: "quarantined" },
  {
    name: "ps fails in passing",
    ps: 'echo >>"$0.calls"; (($(wc -l <"$0.calls") < 3)) && exit 1; exec /bin/ps "$@"',
    end: "gone",
  },
  { name: "ps takes its time", ps: 'sleep 2.5; exec /bin/ps "$@"', end: "gone" },
  { name: "ps says nothing, and that all is well", ps: "exit 0", end: "quarantined" },
  { name: "ps is cut short, and says that all is well", ps: '/bin/ps "$@" | head -n 1', end: "quarantined" },
  { name: "ps prints no numbers", ps: "echo all is well", end: "quarantined" },
];

const stranger = "_tcwcrash";

/** The uid that the next task user would get: the one behind the newest. */
function nextUid({ helper }: Matrix): number {
  const { firstUid } = helper.slice;
  const file = `${helper.places.private}/journal`;
  const journal = existsSync(file) ? readFileSync(file, "utf8") : "";
  const newest = [...journal.matchAll(/"uid":(\d+)[^\n]*"state":"planned"/g)].at(-1)?.[1];
  return newest === undefined ? firstUid : firstUid + ((Number(newest) - firstUid + 1) % 25);
}

/** Plays it, and says what was wrong. */
export async function playTrouble(matrix: Matrix, trouble: Trouble): Promise<{ told: End; wrong: string[] }> {
  const { helper } = matrix;
  const ps = join(helper.dsclDir, "ps");
  const shell = (lines: string): void => writeFileSync(ps, `#!/bin/bash\n${lines}\n`);
  shell('exec /bin/ps "$@"');
  chmodSync(ps, 0o755);
  rmSync(`${ps}.calls`, { force: true });
  const { later } = trouble;
  const running = (): void => {
    if (later !== undefined) helper.modes(`${later}\n`);
    if (trouble.ps !== undefined) shell(trouble.ps);
  };
  const uid = nextUid(matrix);
  const wrong: string[] = [];
  const outcome = await matrix.play({
    ...{ life: "asked", at: "", passing: 1, fault: { kind: "none" }, turns: { running } },
    modes: `${(trouble.modes ?? "").replace("UID", `${stranger}:${uid}`)}\n`,
    before: async () => {
      helper.modes("");
      const there = accountOf("passwd", uid)?.startsWith(stranger) ?? false;
      if (/UID/.test(trouble.modes ?? "") !== there) wrong.push("the stranger's account is not as it was");
      if (there) helper.dscl(".", "-delete", `/Users/${stranger}`);
    },
    replace: [
      ...hurry,
      ...(trouble.ps && trouble.end === "quarantined" ? giveUpSoon : []),
      { file: "spawn.ts", from: 'ps: "/bin/ps"', to: `ps: ${JSON.stringify(ps)}` },
    ],
  });
  wrong.push(...outcome.wrong);
  const told = outcome.story.gone?.state ?? (outcome.story.user ? "quarantined" : "refused");
  if (told !== trouble.end) wrong.push(`the agent was told ${told}, not ${trouble.end}: ${outcome.story.error ?? ""}`);
  if (outcome.ended !== "0") wrong.push(`the helper ended with ${outcome.ended}`);
  if (!trouble.kept) wrong.push(...matrix.differences(outcome.state));
  else if (!outcome.state.journal.every((line) => line.endsWith(` ${trouble.kept}`))) {
    wrong.push(`kept: ${outcome.state.journal.join()}`);
  }
  if (outcome.state.accounts.length + outcome.state.graves.length > 0) await matrix.forget();
  return { told, wrong };
}

/** Those whose name matches, with a line for each. False when one of them did not end as it must. */
export async function playTroubles(matrix: Matrix, pattern: RegExp, say: (line: string) => void): Promise<boolean> {
  const chosen = troubles.filter(({ name }) => pattern.test(name));
  let bad = 0;
  for (const trouble of chosen) {
    const { told, wrong } = await playTrouble(matrix, trouble);
    if (wrong.length > 0) bad += 1;
    say(`${trouble.name}: ${told}${wrong.length > 0 ? `  DIFFERENT ${wrong.join("; ")}` : ""}`);
  }
  say(`${chosen.length} troubles, ${bad} with another end than they must have`);
  return bad === 0;
}
