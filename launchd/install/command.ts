/** `install`, `upgrade` and `uninstall` as commands. */
import { dirname } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { Refusal, type Status } from "../refusal.ts";
import { BareMac } from "./bare-mac.ts";
import type { Context } from "./context.ts";
import { describe, describeUndo } from "./describe.ts";
import * as installing from "./install.ts";
import { Machine } from "./machine.ts";
import * as uninstalling from "./uninstall.ts";
import * as upgrading from "./upgrade.ts";

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

const isMac = process.platform === "darwin";

function on(machine: Machine): Context {
  process.umask(0o022);
  return {
    machine,
    source: dirname(dirname(import.meta.dirname)),
    observer: {
      begin: (what, step) => say(what === "do" ? describe(step) : describeUndo(step)),
      end: () => {},
    },
    out: (text) => process.stdout.write(text),
    say,
  };
}

function thisMac(): Context {
  if (isMac) return on(new Machine());
  const instead = "elsewhere install --plan shows what it would do, and run-task and work --with-helper run tasks";
  throw new Refusal(exitStatus.usage, `an installation is for macOS; ${instead}`);
}

function noMac(): Context {
  say(
    "this is no Mac: the plan is for one on which nothing is installed and the agent's account is the first, uid 501;",
  );
  say("there the version's directory has another name, because Node's program is another");
  return on(new BareMac());
}

export const install = async (given: Arguments): Promise<Status> =>
  installing.install(!isMac && given.flags.has("plan") ? noMac() : thisMac(), given);
export const upgrade = async (given: Arguments): Promise<Status> => upgrading.upgrade(thisMac(), given);
export const uninstall = async (given: Arguments): Promise<Status> => uninstalling.uninstall(thisMac(), given);
