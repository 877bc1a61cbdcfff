/** Space, and where the homes lie. */
import { join } from "node:path";
import type { Check } from "../check.ts";
import { type Finding, fail, notHere, pass, together, warn } from "../finding.ts";
import { DeniedError, outputOf } from "../machine.ts";
import { reinstall, sudo } from "./fixes.ts";
import { tasksDirOf } from "./tasks-directory.ts";

/** `requiredDiskSpaceMegabytes` by default: with less the worker claims nothing. */
const enoughMegabytes = 10_240;
/** With less not even root's journal is safe, and users can neither be made nor ended properly. */
const leastMegabytes = 1_000;

export const disk: Check = {
  id: "disk",
  title: "free space where homes and state are",
  why: "The worker claims nothing below `requiredDiskSpaceMegabytes`; without any space the journal cannot be written.",
  remedy: "free some: `sudo du -xsh /Users/* /private/var/*`; or set a smaller `requiredDiskSpaceMegabytes`",
  probe(subject) {
    const { machine, paths } = subject;
    const places = [...new Set([tasksDirOf(subject), paths.stateRoot])].filter((path) => machine.look(path));
    const findings = places.map((path): Finding => {
      const free = machine.freeMegabytes(path);
      if (free === null) return warn(`the free space of ${path} is not told`, `df -h ${path}`);
      const fix = sudo("du", "-xsh", join(path, "*")).replaceAll("'", "");
      if (free < leastMegabytes) return fail(`${free} MB are free in ${path}`, fix);
      return free < enoughMegabytes ? warn(`only ${free} MB are free in ${path}`, fix) : pass(`${path} ${free} MB`);
    });
    return together(findings, findings.map(({ what }) => what).join(", "));
  },
};

/** From `diskutil info -plist`, of which two keys are read. */
function hasOwners(plist: string): boolean | null {
  const found = /<key>GlobalPermissionsEnabled<\/key>\s*<(true|false)\/>/.exec(plist)?.[1];
  return found === undefined ? null : found === "true";
}

export const volume: Check = {
  id: "volume",
  title: "the volume of the homes",
  why: "On a volume that ignores owners every task reads every home. On one of their own homes have no hard links to what others own, and cannot fill the system's.",
  remedy:
    "`sudo diskutil enableOwnership VOLUME`; a volume of their own: `sudo ./taskcluster-worker install --volume 200g`",
  unsure: "the keys of `diskutil info -plist` are from its manual",
  only: "darwin",
  async probe(subject) {
    const { machine } = subject;
    const path = tasksDirOf(subject);
    const [homes, system] = [machine.look(path), machine.look("/private/var")];
    if (!homes) return fail(`${path} is missing`, sudo("mkdir", "-m", "0711", path));
    const output = await outputOf(machine, "/usr/sbin/diskutil", ["info", "-plist", path]);
    const owners = output.ok ? hasOwners(output.text) : null;
    const findings: Finding[] = [
      owners === false
        ? fail(`the volume of ${path} ignores owners`, sudo("diskutil", "enableOwnership", path))
        : owners === null
          ? warn(`diskutil does not say whether the volume of ${path} has owners`, `diskutil info ${path}`)
          : pass(path),
      homes.volume === system?.volume
        ? warn(`${path} is on the system's own volume`, `${reinstall} --volume 200g`)
        : pass(path),
    ];
    return together(findings, `${path} is on a volume of its own that has owners`);
  },
};

const database = "/private/var/db/com.apple.backgroundtaskmanagement";
/** 4 MB kept the daemons of a Mac mini from loading. */
const tooLarge = 4_000_000;
const large = 1_000_000;

export const backgroundItems: Check = {
  id: "background-items",
  title: "size of the database of background items",
  why: "It grows with accounts that come and go; from some 4 MB on, launchd has been seen to load no daemons at start.",
  remedy: "`sudo sfltool resetbtm` and a reboot; background items must then be allowed again",
  unsure: "the limit is from one report",
  only: "darwin",
  needsRoot: true,
  probe({ machine }) {
    let names: readonly string[] | null;
    try {
      names = machine.list(database);
    } catch (error) {
      if (!(error instanceof DeniedError)) throw error;
      return warn(
        `${database} may not be looked at, for want of Full Disk Access of the terminal`,
        `sudo ls -l ${database}`,
      );
    }
    if (names === null) return notHere("this version of macOS has none");
    const sizes = names
      .filter((name) => name.endsWith(".btm"))
      .map((name) => machine.look(join(database, name))?.size ?? 0);
    const bytes = Math.max(0, ...sizes);
    const what = `${(bytes / 1e6).toFixed(1)} MB`;
    const fix = [sudo("sfltool", "resetbtm"), sudo("shutdown", "-r", "now")];
    if (bytes >= tooLarge) return fail(what, ...fix);
    return bytes >= large ? warn(what, ...fix) : pass(what);
  },
};
