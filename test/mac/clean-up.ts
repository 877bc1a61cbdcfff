/** Removes what a probe has left, in an order in which nothing makes it again, and says what stays. */
import { existsSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Directory } from "../dscl/directory.ts";
import type { Made } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import { runProgram } from "./run-program.ts";
import { startOf } from "./task-users.ts";

const order: readonly Made["kind"][] = ["installation", "job", "helper", "image", "record", "folder"];
/** A helper whose probe was killed ends by itself, after its task users. */
const helperMs = 90_000;

/** Resolves to a sentence when it is still there. */
async function remove(made: Made, machine: Machine): Promise<string | undefined> {
  switch (made.kind) {
    case "job": {
      const target = `system/${made.label}`;
      await runProgram(machine.launchctl, ["bootout", target], { timeout: 60_000 });
      const { exit } = await runProgram(machine.launchctl, ["print", target]);
      return exit === 0 ? `the job ${target} is still loaded: launchctl bootout ${target}` : undefined;
    }
    case "helper": {
      for (const end = performance.now() + helperMs; startOf(made.pid) === made.started; await delay(200)) {
        if (performance.now() > end) return `the helper ${made.pid} has not ended`;
      }
      return undefined;
    }
    case "image": {
      const attached = async (): Promise<boolean> =>
        (await runProgram(machine.mount, [])).stdout.includes(` on ${made.at} (`);
      if (await attached()) await runProgram(machine.hdiutil, ["detach", "-force", made.device]);
      return (await attached()) ? `a disk image is attached at ${made.at}: hdiutil detach ${made.device}` : undefined;
    }
    case "record": {
      const directory = new Directory(machine.dscl);
      if (!(await directory.read(made.path))) return undefined;
      const { exit } = await directory.run(".", "-delete", made.path);
      if (!(await directory.read(made.path))) return undefined;
      return `macOS keeps ${made.path} (exit ${exit}); from a Terminal with Full Disk Access: dscl . -delete ${made.path}`;
    }
    case "installation": {
      const ran = await runProgram(machine.launcher, ["uninstall", "--purge"], { timeout: 300_000 });
      if (ran.exit === 0) return undefined;
      return `uninstall ended with ${ran.exit} (${ran.stderr.trim().split("\n").at(-1)}): sudo ${machine.launcher} uninstall --purge`;
    }
    case "folder":
      rmSync(made.path, { recursive: true, force: true });
      return existsSync(made.path) ? `${made.path} could not be removed` : undefined;
  }
}

/** Sentences on what stays; an empty list: nothing does. A step that fails is one of them. */
export async function cleanUp(all: readonly Made[], machine: Machine): Promise<string[]> {
  const left: string[] = [];
  for (const kind of order) {
    for (const made of all.filter((each) => each.kind === kind)) {
      const sentence = await remove(made, machine).catch((error: unknown) => `${JSON.stringify(made)}: ${error}`);
      if (sentence !== undefined) left.push(sentence);
    }
  }
  return left;
}
