/** A volume for the homes, in the container of the system's: no set-id programs, no devices, no links out, no more than its quota. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { exitStatus } from "../../../shared/exit-status.ts";
import { layoutOf } from "../../layout.ts";
import { Refusal } from "../../refusal.ts";
import type { Actions } from "../actions.ts";
import { writeAtomically } from "../atomically.ts";
import type { Machine } from "../machine.ts";
import type { VolumeStep } from "../step.ts";

/** One value of the property list that diskutil prints. */
function stringOf(plist: string, key: string): string | null {
  return new RegExp(`<key>${key}</key>\\s*<string>([^<]*)</string>`).exec(plist)?.[1] ?? null;
}

export function volume(machine: Machine, step: VolumeStep): Actions {
  const fstab = machine.at(layoutOf().fstab);
  const mark = `# ${step.name}`;
  const info = async (what: string): Promise<string | null> => {
    const { exit, stdout } = await machine.run("diskutil", "info", "-plist", what);
    return exit === 0 ? stdout : null;
  };
  async function diskutil(...args: string[]): Promise<void> {
    const { exit, stdout, stderr } = await machine.run("diskutil", ...args);
    if (exit === 0) return;
    throw new Refusal(exitStatus.failed, `diskutil ${args.join(" ")} ended with ${exit}: ${(stderr || stdout).trim()}`);
  }
  /** Without our own line, and with it where a volume's is given. */
  function writeFstab(uuid: string | null): void {
    const before = existsSync(fstab) ? readFileSync(fstab, "utf8") : "";
    const others = before.split("\n").filter((line) => line !== "" && !line.endsWith(mark));
    const own = uuid === null ? [] : [`UUID=${uuid} ${step.path} apfs rw,nosuid,nodev,nobrowse ${mark}`];
    const lines = [...others, ...own].map((line) => `${line}\n`).join("");
    if (lines === "") rmSync(fstab, { force: true });
    else if (lines !== before) writeAtomically(fstab, lines, 0o644, 0);
  }
  return {
    async look(ours) {
      const found = await info(step.name);
      if (found === null) return { state: "to do" };
      if (stringOf(found, "MountPoint") === step.path) return { state: "done" };
      if (ours) return { state: "to do" };
      const sentence = `there is a volume ${step.name} that is not ours: rename it with diskutil renameVolume`;
      return { state: "foreign", sentence };
    },
    async do() {
      if ((await info(step.name)) === null) {
        const container = stringOf((await info("/")) ?? "", "APFSContainerReference");
        if (container === null)
          throw new Refusal(exitStatus.failed, "the system's volume is in no APFS container: leave --volume out");
        await diskutil("apfs", "addVolume", container, "APFS", step.name, "-quota", step.quota, "-nomount");
      }
      const uuid = stringOf((await info(step.name)) ?? "", "VolumeUUID");
      if (uuid === null)
        throw new Refusal(exitStatus.failed, `diskutil does not know the volume ${step.name} that it has made`);
      writeFstab(uuid);
      await diskutil("mount", uuid);
      await diskutil("enableOwnership", uuid);
    },
    async undo() {
      writeFstab(null);
      const uuid = stringOf((await info(step.name)) ?? "", "VolumeUUID");
      if (uuid === null) return null;
      try {
        await diskutil("apfs", "deleteVolume", uuid);
        return null;
      } catch (error) {
        if (error instanceof Refusal) return error.message;
        throw error;
      }
    },
  };
}
