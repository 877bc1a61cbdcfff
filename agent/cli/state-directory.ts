/** The agent's own directory, and what is said when it cannot be used. */
import { mkdir } from "node:fs/promises";
import { makeScratch } from "../scratch.ts";
import { isDiskFull, messageOf } from "../thrown.ts";
import { CommandError, exitStatus } from "./exit-status.ts";

/** Made when it is missing. Throws CommandError `internal` when it cannot be made, as on a disk that is full. */
export function makeState(state: string): Promise<unknown> {
  return below(state, () => mkdir(state, { recursive: true, mode: 0o700 }));
}

/** A directory for the runs. Throws what `makeState` throws. */
export async function runsDirectory(state: string): Promise<string> {
  await makeState(state);
  return below(state, () => makeScratch(state, "runs"));
}

async function below<T>(state: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    const hint = isDiskFull(error) ? "; make room on its disk" : "";
    throw new CommandError(exitStatus.internal, `tasks cannot have files below ${state}: ${messageOf(error)}${hint}`);
  }
}
