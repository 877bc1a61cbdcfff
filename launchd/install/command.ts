/** `install`, `upgrade` and `uninstall` as commands. */
import { dirname } from "node:path";
import type { Arguments } from "../arguments.ts";
import { Refusal, type Status, status } from "../refusal.ts";
import { describe, describeUndo } from "./describe.ts";
import { Installer } from "./installer.ts";
import { Machine } from "./machine.ts";

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

function installer(): Installer {
  if (process.platform !== "darwin") {
    const instead = "on Linux, for development, use run-task or work --with-helper";
    throw new Refusal(status.usage, `an installation is for macOS; ${instead}`);
  }
  process.umask(0o022);
  return new Installer({
    machine: new Machine(),
    source: dirname(dirname(import.meta.dirname)),
    observer: {
      begin: (what, step) => say(what === "do" ? describe(step) : describeUndo(step)),
      end: () => {},
    },
    out: (text) => process.stdout.write(text),
    say,
  });
}

export const install = async (given: Arguments): Promise<Status> => installer().install(given);
export const upgrade = async (given: Arguments): Promise<Status> => installer().upgrade(given);
export const uninstall = async (given: Arguments): Promise<Status> => installer().uninstall(given);
