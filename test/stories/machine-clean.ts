/** What a story looks at when it is over: nothing of its task users may be left on the machine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { accountOf, processesOf } from "../helper/machine.ts";
import { eventually } from "../helper/wait.ts";

export interface User {
  readonly user: string;
  readonly uid: number;
}

const sharedPlaces = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock"];

function sharedFilesOf(uid: number): string[] {
  const places = sharedPlaces.filter((place) => existsSync(place));
  const { stdout } = spawnSync("/usr/bin/find", [...places, "-xdev", "-user", `${uid}`], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

function ipcOf(uid: number): string[] {
  return ["shm", "sem", "msg"].flatMap((kind) => {
    const [head = "", ...rows] = readFileSync(`/proc/sysvipc/${kind}`, "utf8").trim().split("\n");
    const column = head.trim().split(/\s+/).indexOf("uid");
    return rows.filter((row) => row.trim().split(/\s+/)[column] === `${uid}`);
  });
}

/** A uid is used again, after 24 others: what is somebody else's by now is none of the story's business. */
function isOthersNow({ user, uid }: User): boolean {
  const line = accountOf("passwd", uid);
  return line !== undefined && !line.startsWith(`${user}:`);
}

/** Throws when a process, a home, an account or a file in a shared place is left of one of the users. */
export function assertGone(users: readonly User[]): void {
  for (const user of users) {
    const left = {
      accounts: ["passwd", "group"].filter((file) => readFileSync(`/etc/${file}`, "utf8").includes(`${user.user}:`)),
      homes: readdirSync("/home").filter((name) => name === user.user),
      ...(isOthersNow(user)
        ? { processes: [], files: [], ipc: [] }
        : { processes: processesOf(user.uid), files: sharedFilesOf(user.uid), ipc: ipcOf(user.uid) }),
    };
    assert.deepEqual(left, { accounts: [], homes: [], processes: [], files: [], ipc: [] }, `left of ${user.user}`);
  }
}

/** Resolves when nothing is left of the users; throws what is left after a while. */
export async function eventuallyGone(users: readonly User[]): Promise<void> {
  const isGone = (): boolean => {
    try {
      assertGone(users);
      return true;
    } catch {
      return false;
    }
  };
  await eventually(isGone, "nothing is left").catch(() => assertGone(users));
}
