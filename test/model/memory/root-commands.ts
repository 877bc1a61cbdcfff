/** The command lines that root may use, written down from docs/helper.md: the grammar, and what must be journalled before. */

export interface Recorded {
  readonly name: string;
  readonly uid: number;
  readonly state: string;
}

const name = "(tcw-[a-z2-7]{8})";
const read = /^-plist \. -readall \/(Users|Groups) RecordName UniqueID PrimaryGroupID GeneratedUID$/;
const readOne = new RegExp(`^-plist \\. -read /(?:Users|Groups)/${name}$`);
const create = new RegExp(`^\\. -create /(Users|Groups)/${name}(?: (\\S+) (.+))?$`);
const remove = new RegExp(`^\\. -delete /(?:Users|Groups)/${name}$`);

/**
 * A sentence when the call is none of those, or comes before its step is in the journal. `wasFull`: the disk was, and a
 * deletion does not wait for the journal.
 */
export function checkCommand(
  file: string,
  args: readonly string[],
  [first, last]: readonly [number, number],
  recorded: (name: string, anew: boolean) => Recorded | undefined,
  wasFull: boolean,
): string | undefined {
  const line = args.join(" ");
  if (file === "/bin/ps") return line === "-axo pid=,uid=,ruid=,svuid=,stat=" ? undefined : "another list of processes";
  if (file === "/usr/bin/id") return new RegExp(`^-u ${name}$`).test(line) ? undefined : "another call of id";
  if (read.test(line) || readOne.test(line)) return undefined;
  const deleted = remove.exec(line)?.[1];
  if (deleted) {
    const state = recorded(deleted, true)?.state;
    const begun = state === "deleting" || state === "creating";
    return begun || wasFull ? undefined : `deletes an account that the journal calls ${state}`;
  }
  const [, type, created, key, value] = create.exec(line) ?? [];
  if (!created) return "a call of dscl that is not in the grammar";
  const account = recorded(created, key === undefined);
  if (account?.state !== "creating") return `makes an account that the journal calls ${account?.state}`;
  if (account.uid < first || account.uid > last) return `a uid outside ${first}-${last}`;
  const uid = `${account.uid}`;
  const common = { PrimaryGroupID: uid, RealName: "Taskcluster task", Password: "*" };
  const own = { UniqueID: uid, NFSHomeDirectory: `/home/${created}/home`, UserShell: "/usr/bin/false", IsHidden: "1" };
  const values: Record<string, string> = type === "Users" ? { ...common, ...own } : common;
  return key === undefined || values[key] === value ? undefined : "an attribute that is not in the transcript";
}
