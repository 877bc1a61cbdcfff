/** What a test sees of the machine, with its own eyes: processes, accounts and files, none of it through the helper. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Pids that have the uid, or one from it to `last`, as real, effective or saved id. Zombies are dead. */
export function processesOf(uid: number, last = uid): number[] {
  const { stdout } = spawnSync("/bin/ps", ["-axo", "pid=,uid=,ruid=,svuid=,stat="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, ...rest]) =>
        rest.slice(0, 3).some((id) => Number(id) >= uid && Number(id) <= last) && !rest[3]?.startsWith("Z"),
    )
    .map(([pid]) => Number(pid));
}

/** The line of /etc/passwd or /etc/group that has this uid or gid. */
export function accountOf(file: "passwd" | "group", id: number): string | undefined {
  const lines = readFileSync(`/etc/${file}`, "utf8").split("\n");
  return lines.find((line) => line.split(":")[2] === `${id}`);
}

/** Lines of the accounts and groups with an id in the range. */
export function accountsIn(first: number, last: number): string[] {
  const ids = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const lines = ids.flatMap((id) => [accountOf("passwd", id), accountOf("group", id)]);
  return lines.filter((line) => line !== undefined);
}

/** Runs a program to its end as root and returns what it printed. Throws when it fails. */
export function toolOutput(file: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd: "/", encoding: "utf8" });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${status}: ${stderr}${error ?? ""}`);
  return stdout;
}

/** Pids of processes with this text on their command line. */
export function pidsOf(text: string): number[] {
  const { stdout } = spawnSync("/bin/ps", ["-axo", "pid=,args="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10));
}
