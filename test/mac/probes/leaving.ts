/** What a task can leave behind on a Mac, and whether the sweep, which runs as its user, finds and removes it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endOf, type Ground } from "../ground.ts";
import { type Answer, NotAsked, type Probe, probesOf } from "../probe.ts";
import { said, type TaskUsers, withTaskUser } from "../task-users.ts";
import { proven } from "./killing.ts";

/** The lines leave something; then the user is deleted. They print `left it`, or why they could not. */
function swept(script: string): Probe["ask"] {
  const ask = async (users: TaskUsers): Promise<Answer> => {
    const text = await said(users, script);
    if (!text.endsWith("left it")) throw new NotAsked(`a task could not do it: ${text.replaceAll("\n", " ")}`);
    const gone = await users.client.request("deleteUser", { user: users.user.user });
    return { seen: proven(gone), more: [text.replaceAll("\n", " "), `found ${JSON.stringify(gone.found)}`] };
  };
  return (ground) => withTaskUser(ground, ask);
}

/** A root-only tree in which directories are swapped for links to a place outside, while root removes it. */
async function raced(ground: Ground, how: string): Promise<Answer> {
  const folder = ground.folder();
  const program = join(import.meta.dirname, "removal-race.ts");
  const ran = await ground.run(process.execPath, [program, folder, how], { timeout: 240_000 });
  if (ran.exit !== 0) throw new Error(`the race ended with ${endOf(ran)}: ${ran.stderr.trim().split("\n").at(-1)}`);
  const lost = Number(/^lost (\d+)/m.exec(ran.stdout)?.[1] ?? Number.NaN);
  return { seen: lost > 0 ? "can be lost" : "was not lost", more: [ran.stdout.trim()] };
}

/** An APFS volume of our own, mounted nosuid; homes of task users on it. */
async function onVolume(ground: Ground): Promise<Answer> {
  const { hdiutil } = ground.machine;
  const [folder, at] = [ground.folder(), ground.folder()];
  const [image, tasksDir] = [join(folder, "tasks.dmg"), join(at, "tasks")];
  mkdirSync(tasksDir);
  const need = async (file: string, ...argv: string[]): Promise<string> => {
    const ran = await ground.run(file, argv, { timeout: 120_000 });
    if (ran.exit !== 0) throw new Error(`${file} ${argv[0]} ended with ${endOf(ran)}: ${ran.stderr.trim()}`);
    return ran.stdout;
  };
  await need(hdiutil, "create", "-size", "200m", "-fs", "APFS", "-volname", "tasks", image);
  const attached = await need(hdiutil, "attach", "-nomount", "-owners", "on", image);
  const device = attached.match(/^\/dev\/disk\d+s\d+(?=.*41504653)/gm)?.at(-1) ?? "";
  ground.ledger.note({ kind: "image", device, at: tasksDir });
  await need(ground.machine.mount, "-t", "apfs", "-o", "nosuid,nodev,nobrowse,owners", device, tasksDir);
  writeFileSync(join(folder, "outside"), "outside");
  const seen = await withTaskUser(
    ground,
    (users) =>
      said(
        users,
        `cd && { ln ${folder}/outside link 2>/dev/null && echo linked || echo 'no link out'; }
         cp /usr/bin/id . && chmod 4755 id && mount | grep -q " on ${tasksDir} .*nosuid" && echo nosuid
         printf 'int main(void) { return 0; }' >a.c
         if /usr/bin/xcode-select -p >/dev/null 2>&1; then /usr/bin/cc a.c -o a && ./a && echo builds; else echo builds; fi`,
      ),
    { tasksDir },
  );
  return { seen: seen.replaceAll("\n", ", ") };
}

const inPlaces = `for d in /private/tmp /private/var/tmp /Users/Shared; do
  echo x >$d/$(id -un)-file && mkdir -p $d/$(id -un)-dir/deep && echo x >$d/$(id -un)-dir/deep/file || { echo "not in $d"; exit; }
done
/usr/bin/xattr -l /private/tmp/$(id -un)-file; echo 'left it'`;

const inFolders = `for n in DARWIN_USER_TEMP_DIR DARWIN_USER_CACHE_DIR; do
  d=$(/usr/bin/getconf $n) && mkdir -p "$d/deep" && echo x >"$d/deep/file" || exit; done; echo 'left it'`;

const stubbornFiles = `cd && mkdir -p locked/inside && echo x >locked/inside/file &&
/usr/bin/chflags -R uchg locked && mkdir denied && echo x >denied/file &&
/bin/chmod +a "$(id -un) deny delete,delete_child" denied denied/file && mkdir none && echo x >none/file && chmod 000 none &&
echo 'left it'`;

const ipc = `/usr/bin/perl -e 'shmget(4711 + $$, 4096, 0600 | 01000) // exit 1; semget(4712 + $$, 1, 0600 | 01000) // exit 1;
  msgget(4713 + $$, 0600 | 01000) // exit 1' && /usr/bin/ipcs | grep "$(id -un)" && echo 'left it'`;

const image = `cd && mkdir at && /usr/bin/hdiutil create -quiet -size 2m -fs HFS+ -volname probe image &&
/usr/bin/hdiutil attach -quiet -nobrowse -mountpoint "$PWD/at" image.dmg && echo 'left it'`;

export const leavingProbes = probesOf({ leansOn: ["helper/sweep.sh", "helper/life.ts", "helper/directories.ts"] }, [
  {
    number: 30,
    claim:
      "Files in places where everybody may write, with the attributes that macOS puts on them, are removed by their user.",
    mark: "F",
    asked: "files in /private/tmp, /private/var/tmp and /Users/Shared as a task user, xattr -l, then deleteUser",
    expected: ["proven gone"],
    seconds: 120,
    ask: swept(inPlaces),
  },
  {
    number: 31,
    claim:
      "What lies in a user's own directories below /private/var/folders is found from the third level on, and removed.",
    mark: "V",
    asked: "files in getconf DARWIN_USER_TEMP_DIR and DARWIN_USER_CACHE_DIR as a task user, then deleteUser",
    expected: ["proven gone"],
    seconds: 120,
    ask: swept(inFolders),
  },
  {
    number: 32,
    claim: "A user can drop its own flags, access lists and modes from its files, and then remove them.",
    mark: "V",
    asked: "chflags uchg, chmod +a '… deny delete', chmod 000 on files in the home, then deleteUser",
    expected: ["proven gone"],
    seconds: 120,
    ask: swept(stubbornFiles),
  },
  {
    number: 33,
    claim: "A crontab of a task user is found and removed, without anybody being asked.",
    mark: "D",
    asked: "echo '0 0 1 1 * true' | crontab - as a task user, then deleteUser",
    expected: ["proven gone"],
    seconds: 120,
    ask: swept("echo '0 0 1 1 * true' | /usr/bin/crontab - && echo 'left it'"),
  },
  {
    number: 34,
    claim: "System V IPC objects of a task user are listed with owner and creator, and removed.",
    mark: "D",
    asked: "shmget, semget and msgget as a task user, ipcs, then deleteUser",
    expected: ["proven gone"],
    seconds: 120,
    ask: swept(ipc),
  },
  {
    number: 35,
    claim: "A disk image that a task user has attached in its home is detached by that user.",
    mark: "D",
    asked: "hdiutil create and attach -mountpoint in the home as a task user, then deleteUser",
    expected: ["proven gone"],
    seconds: 180,
    ask: swept(image),
  },
  {
    number: 36,
    claim: "Node's asynchronous removal of a tree, as root, can be led out of it; so root never removes one.",
    mark: "M",
    asked: "50 removals of a tree while a directory in it is swapped with a link (renameatx_np, RENAME_SWAP)",
    expected: ["can be lost", "was not lost"],
    seconds: 300,
    ask: (ground) => raced(ground, "async"),
  },
  {
    number: 37,
    claim: "Node's synchronous removal depends on libc++ for the same; we do not lean on it either.",
    mark: "M",
    asked: "the same with fs.rmSync",
    expected: ["can be lost", "was not lost"],
    seconds: 300,
    ask: (ground) => raced(ground, "sync"),
  },
  {
    number: 38,
    claim: "Homes on a volume of their own, mounted nosuid: no hard link leads out, and programs can be built there.",
    mark: "F",
    asked: "an APFS image mounted nosuid as tasksDir; as a task user: ln, mount, cc where there is one",
    expected: ["no link out, nosuid, builds"],
    seconds: 300,
    ask: onVolume,
  },
]);
