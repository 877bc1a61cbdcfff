/** The graphics session of whoever is logged in at the screen, seen from root and from a task user. */
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { endOf, type Ground } from "../ground.ts";
import { type Answer, NotAsked, probesOf } from "../probe.ts";
import { said, withTaskUser } from "../task-users.ts";

const examples = join(import.meta.dirname, "../../../examples");
const firefox = "/Applications/Firefox.app/Contents/MacOS/firefox";

async function asUser(ground: Ground, ...argv: string[]): Promise<Answer & { readonly seen: string }> {
  const ran = await ground.launchctl("asuser", `${ground.sessionUid()}`, ...argv);
  return { seen: ran.stdout.trim() || endOf(ran), more: [ran.stderr.trim()] };
}

/** Gives up root inside the session, as a helper that had graphics would: groups first, then both ids for good. */
const become =
  '$) = "$ARGV[0] $ARGV[0]"; $( = $ARGV[0]; ($<, $>) = ($ARGV[0], $ARGV[0]); exec @ARGV[1 .. $#ARGV] or exit 126';

async function window(ground: Ground): Promise<Answer> {
  const session = ground.sessionUid();
  if (!existsSync(firefox)) throw new NotAsked("/Applications/Firefox.app is not there");
  const script = join(ground.folder(), "firefox.sh");
  cpSync(join(examples, "firefox.sh"), script);
  return withTaskUser(ground, async (users) => {
    const { uid, home } = users.user;
    const inside = `cd '${home}' && HOME='${home}' TMPDIR='${home}' exec /bin/bash '${script}'`;
    const perl = ["/usr/bin/env", "-i", "/usr/bin/perl", "-e", become, `${uid}`];
    const argv = ["asuser", `${session}`, ...perl, "/bin/bash", "-c", inside];
    const ran = await ground.run(ground.machine.launchctl, argv, { timeout: 240_000 });
    const picture = await said(users, "cd && test -s results/screenshot.png && echo 'a picture'");
    return { seen: picture, more: [endOf(ran), ...`${ran.stdout}\n${ran.stderr}`.trim().split("\n").slice(-12)] };
  });
}

export const sessionProbes = probesOf({ leansOn: ["helper/spawn.ts", "examples/firefox.sh", "launchd/plists.ts"] }, [
  {
    number: 55,
    claim: "The domain gui/UID is there while its user is logged in at the screen.",
    mark: "D",
    asked: "launchctl print gui/UID of the owner of /dev/console",
    expected: ["exit 0"],
    ask: async (ground) => ({ seen: endOf(await ground.launchctl("print", `gui/${ground.sessionUid()}`)) }),
  },
  {
    number: 56,
    claim: "launchctl asuser does not change the ids of what it runs.",
    mark: "D",
    asked: "launchctl asuser UID /usr/bin/id -u, as root",
    expected: ["0"],
    ask: (ground) => asUser(ground, "/usr/bin/id", "-u"),
  },
  {
    number: 57,
    claim: "launchctl asuser ends with the status of what it ran.",
    mark: "F",
    asked: "launchctl asuser UID /bin/sh -c 'exit 7'",
    expected: ["exit 7"],
    ask: (ground) => asUser(ground, "/bin/sh", "-c", "exit 7"),
  },
  {
    number: 58,
    claim: "Firefox of another user opens a window in the session of the one who is logged in.",
    mark: "F",
    asked: "launchctl asuser UID, then the task user's ids, then examples/firefox.sh",
    expected: ["a picture"],
    seconds: 300,
    ask: window,
  },
]);
