/** Runs all cases: those with the suite's settings in one worker with room for four, any other in one of its own. */
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../agent/thrown.ts";
import type { Expected, Placed, WhileRunning } from "./case.ts";
import { FileServer } from "./file-server.ts";
import { fillIn } from "./fill-in.ts";
import { judge, type Outcome } from "./judge.ts";
import { Machine } from "./machine.ts";
import { useShell } from "./shell-user.ts";

const capacity = 4;
const logMs = 30_000;

export interface Verdict {
  readonly case: Placed;
  /** Empty when everything is as the case says; also of a case that runs nothing. */
  readonly wrong: readonly string[];
}

/** What a case that is "not yet" must meet until then: an answer that names what is missing. */
function expectationsOf({ status, feature, expect }: Placed): Expected {
  if (status !== "not yet") return expect ?? {};
  const named = `^\\[taskcluster:error\\] .*${feature ?? ""}`;
  return { resolution: "exception/malformed-payload", log: [named] };
}

function backingLogOf({ payload }: Placed): string {
  const logs: unknown = payload?.["logs"];
  const named = typeof logs === "object" && logs !== null && "backing" in logs ? logs.backing : undefined;
  return typeof named === "string" ? named : "public/logs/live_backing.log";
}

/** The address of the live log, when it shows the pattern to a reader. */
async function liveLogThatShows(machine: Machine, taskId: string, pattern: string): Promise<string> {
  const until = performance.now() + logMs;
  for (; performance.now() < until; await delay(50)) {
    const live = machine.artifacts(taskId).find(({ name }) => name === "public/logs/live.log");
    if (!live?.url) continue;
    const reader = new AbortController();
    const answer = await fetch(live.url, { signal: reader.signal });
    let text = "";
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (!new RegExp(pattern, "m").test(text)) continue;
      reader.abort();
      return live.url;
    }
  }
  throw new Error(`the live log did not show ${pattern}`);
}

async function meddle(machine: Machine, taskId: string, asked: WhileRunning): Promise<string[]> {
  await machine.claimed(taskId);
  const address = await liveLogThatShows(machine, taskId, asked.logShows);
  const wrong: string[] = [];
  for (const [method, status] of Object.entries(asked.answers ?? {})) {
    const answer = await fetch(address, { method });
    await answer.body?.cancel();
    if (answer.status !== status) wrong.push(`${method} of the live log is answered ${answer.status}, not ${status}`);
  }
  if (asked.shell) wrong.push(...(await useShell(machine, taskId, asked.shell)));
  if (asked.cancel) await machine.cancel(taskId);
  return wrong;
}

/** A task that has run, and what the placeholders of its case stood for. */
interface Ran {
  readonly outcome: Outcome;
  readonly wrong: readonly string[];
  readonly now: number;
  readonly address: string;
}

async function runTask(machine: Machine, workerType: string, files: FileServer, each: Placed): Promise<Ran> {
  const now = Date.now();
  const address = each.files ? files.add(each.files) : "";
  const standard = { deadline: "<60 minutes from now>", expires: "<1440 minutes from now>" };
  const definition = fillIn({ payload: each.payload ?? {}, ...standard, ...each.task }, now, address);
  const taskId = await machine.createTask(workerType, each.name, definition);
  const wrong = each.whileRunning ? await meddle(machine, taskId, each.whileRunning) : [];
  const run = await machine.resolved(taskId);
  return { outcome: { taskId, run }, wrong, now, address };
}

async function judgeTask(machine: Machine, each: Placed, { outcome, wrong, now, address }: Ran): Promise<string[]> {
  const expected = fillIn(expectationsOf(each), now, address);
  const readsLog = expected.log !== undefined || expected.notInLog !== undefined;
  const log = readsLog ? await machine.log(outcome.taskId, backingLogOf(each)) : null;
  return [...wrong, ...(await judge(machine, expected, outcome, log))];
}

/** A case about the end of the worker itself, with a task or without one. */
async function runWorker(machine: Machine, files: FileServer, each: Placed): Promise<string[]> {
  const began = performance.now();
  const started = machine.startWorker(each.payload ? "work" : "run", each.config ?? {}, each.manager);
  const { workerType, worker, termination } = started;
  const wrong = each.payload ? await judgeTask(machine, each, await runTask(machine, workerType, files, each)) : [];
  const status = await worker.status();
  const seconds = (performance.now() - began) / 1000;
  const { exitStatus, seconds: wanted } = each.expect ?? {};
  return [
    ...wrong,
    ...(status === exitStatus ? [] : [`the worker ended with ${status}, not ${exitStatus}`]),
    // Its life alone does not tell: on a busy machine a worker that asks nobody takes as long to start.
    ...(termination?.told === false ? ["worker-manager was never asked so often that it let the worker end"] : []),
    ...(each.payload || !wanted || (seconds >= wanted.least && seconds <= wanted.most)
      ? []
      : [`the worker lived for ${seconds} s`]),
  ];
}

/** Resolves to a verdict for each case, in the order of the cases. Cases that ask for one and the same task share it. As root. */
export async function runCases(cases: readonly Placed[]): Promise<Verdict[]> {
  const [machine, files] = await Promise.all([Machine.start(), FileServer.start()]);
  const pools = new Map<string, string>();
  const poolOf = (config: Placed["config"]): string => {
    const key = JSON.stringify(config ?? {});
    const pool = pools.get(key) ?? machine.startWorker("work", { capacity, ...config }).workerType;
    pools.set(key, pool);
    return pool;
  };
  const tasks = new Map<string, Promise<Ran>>();
  const run = async (each: Placed): Promise<string[]> => {
    if (each.expect?.exitStatus !== undefined) return runWorker(machine, files, each);
    const { payload, config, task, files: served, whileRunning } = each;
    const key = JSON.stringify([payload, config, task, served, whileRunning]);
    const ran = tasks.get(key) ?? runTask(machine, poolOf(config), files, each);
    tasks.set(key, ran);
    return judgeTask(machine, each, await ran);
  };
  try {
    return await Promise.all(
      cases.map(async (each): Promise<Verdict> => {
        const runs = each.payload !== undefined || each.expect?.exitStatus !== undefined;
        return { case: each, wrong: runs ? await run(each).catch((error: unknown) => [messageOf(error)]) : [] };
      }),
    );
  } finally {
    files.close();
    await machine.end();
  }
}
