/**
 * Directories that one agent process keeps below its state directory for as long as it runs. Each is named by its pid, so
 * that the next agent can tell what a killed one left: logs in progress and copies of artifacts can be large.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isProcess } from "../shared/process-alive.ts";

const named = /^(?:runs|artifacts)-(\d+)-[A-Za-z0-9]{6}$/;

/**
 * Makes a directory of this process, and removes those of processes that have ended. Whoever asks removes it at the end.
 * Throws the system's error.
 */
export async function makeScratch(state: string, kind: "runs" | "artifacts"): Promise<string> {
  const left = (await readdir(state)).filter((name) => {
    const [, pid] = named.exec(name) ?? [];
    return pid !== undefined && !isProcess(Number(pid));
  });
  await Promise.all(left.map((name) => rm(join(state, name), { recursive: true, force: true })));
  return mkdtemp(join(state, `${kind}-${process.pid}-`));
}
