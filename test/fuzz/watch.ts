/** Starts the thread that fuzzes, and takes an execution that does not end for a finding like any other. */
import { Worker } from "node:worker_threads";
import { SharedInput } from "./execution.ts";
import type { Plant } from "./hooks.ts";
import type { TargetName } from "./target.ts";

export type Work =
  | { readonly kind: "guided"; readonly seconds: number; readonly keep: boolean }
  | { readonly kind: "plain"; readonly executions: number }
  | { readonly kind: "replay"; readonly inputs: readonly Uint8Array[] };

export interface Job {
  readonly target: TargetName;
  readonly seed: number;
  readonly work: Work;
  readonly plant?: Plant;
  readonly memory?: SharedArrayBuffer;
}

export type Message =
  | { readonly kind: "finding"; readonly input: Uint8Array; readonly message: string }
  | {
      readonly kind: "ended";
      readonly seconds: number;
      readonly executions: number;
      readonly corpus: number;
      readonly blocks: { readonly covered: number; readonly known: number } | undefined;
    };

export interface Result {
  readonly seconds: number;
  readonly executions: number;
  readonly corpus: number;
  readonly blocks?: { readonly covered: number; readonly known: number } | undefined;
  readonly finding?: { readonly input: Buffer; readonly message: string } | undefined;
}

const lookMs = 100;
/** Of this process's CPU, most of which is the fuzzing thread's: on a busy machine a second of the clock says nothing. */
export const limitMs = 1000;

/** Looks again and again at the execution that is under way; calls `hung` with the input of one that does not end. */
function watch(shared: SharedInput, hung: (input: Buffer) => void): NodeJS.Timeout {
  let [number, began] = [-1, process.cpuUsage()];
  return setInterval(() => {
    const now = shared.executions;
    const input = shared.current;
    if (now !== number || !input) {
      [number, began] = [now, process.cpuUsage()];
      return;
    }
    const { user, system } = process.cpuUsage(began);
    if ((user + system) / 1000 > limitMs) hung(input);
  }, lookMs);
}

/** To the end of its work or to the first finding. Rejects when the fuzzer itself is broken. */
export async function fuzz(job: Job): Promise<Result> {
  const shared = new SharedInput();
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: { ...job, memory: shared.memory } });
  const began = performance.now();
  let finding: Result["finding"];
  const stopped = (input: Buffer, message: string): void => {
    const seconds = (performance.now() - began) / 1000;
    resolve({ seconds, executions: shared.executions, corpus: 0, finding: { input, message } });
  };
  const timer = watch(shared, (input) => stopped(input, `it had not ended after ${limitMs} ms of CPU time`));
  worker.on("message", (message: Message) => {
    if (message.kind === "finding") finding = { input: Buffer.from(message.input), message: message.message };
    else resolve({ ...message, finding });
  });
  worker.on("error", (error) => {
    const input = shared.current; // Out of memory, for one.
    if (input) stopped(input, String(error));
    else reject(error);
  });
  worker.on("exit", () => reject(new Error("the fuzzing thread ended without a word")));
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}
