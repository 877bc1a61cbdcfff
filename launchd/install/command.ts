/** `install`, `upgrade` and `uninstall` as commands. */
import { dirname } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { Refusal, type Status } from "../refusal.ts";
import type { Context } from "./context.ts";
import { describe, describeUndo } from "./describe.ts";
import * as installing from "./install.ts";
import { Machine } from "./machine.ts";
import * as uninstalling from "./uninstall.ts";
import * as upgrading from "./upgrade.ts";

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

function thisMac(): Context {
  if (process.platform !== "darwin") {
    const instead = "on Linux, for development, use run-task or work --with-helper";
    throw new Refusal(exitStatus.usage, `an installation is for macOS; ${instead}`);
  }
  process.umask(0o022);
  return {
    machine: new Machine(),
    source: dirname(dirname(import.meta.dirname)),
    observer: {
      begin: (what, step) => say(what === "do" ? describe(step) : describeUndo(step)),
      end: () => {},
    },
    out: (text) => process.stdout.write(text),
    say,
  };
}

export const install = async (given: Arguments): Promise<Status> => installing.install(thisMac(), given);
export const upgrade = async (given: Arguments): Promise<Status> => upgrading.upgrade(thisMac(), given);
export const uninstall = async (given: Arguments): Promise<Status> => uninstalling.uninstall(thisMac(), given);
