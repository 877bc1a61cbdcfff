/** What TCC lets root do with records, called from a Terminal and as the child of a system job. */
import { endOf, type Ground } from "../ground.ts";
import { asDaemon } from "../job.ts";
import { type Answer, probesOf } from "../probe.ts";
import type { Ran } from "../run-program.ts";

type Call = (...argv: string[]) => Promise<Ran>;

const here = (ground: Ground): Call => ground.dscl.bind(ground);
const daemon = (ground: Ground): Call => {
  return (...argv) => asDaemon(ground, ground.machine.dscl, argv);
};

/** A record with a uid and a home, each set once. */
async function complete(ground: Ground, call: Call): Promise<string> {
  const path = ground.record("Users");
  const uid = await ground.freeId();
  for (const attribute of [[], ["UniqueID", uid], ["PrimaryGroupID", uid], ["NFSHomeDirectory", "/var/empty"]]) {
    const ran = await call(".", "-create", path, ...attribute);
    if (ran.exit !== 0)
      throw new Error(`-create ${attribute[0] ?? "of the record"}: ${endOf(ran)} ${ran.stderr.trim()}`);
  }
  return path;
}

const ended = (ran: Ran): Answer => ({
  seen: endOf(ran),
  more: [...ran.stdout.split("\n"), ...ran.stderr.split("\n")].filter((line) => line !== ""),
});

async function deletes(ground: Ground, call: Call): Promise<Answer> {
  const path = await complete(ground, call);
  return ended(await call(".", "-delete", path));
}

/** The no-op that tells whether the grant is there, on a record of our own, and then the deletion that it foretells. */
async function foretells(ground: Ground, call: Call): Promise<Answer> {
  const path = await complete(ground, call);
  const noop = await call(".", "-change", path, "NFSHomeDirectory", "/var/empty", "/var/empty");
  const deletion = await call(".", "-delete", path);
  return { seen: `${endOf(noop)}, then ${endOf(deletion)}` };
}

export const privacyProbes = probesOf({ leansOn: ["helper/records.ts", "helper/dscl.ts", "helper/life.ts"] }, [
  {
    number: 6,
    claim: "Where TCC forbids to delete a user, dscl ends with 40; called from where this suite was started.",
    mark: "D",
    asked: "a user made, each attribute once, then dscl . -delete /Users/NAME",
    expected: ["exit 0", "exit 40"],
    ask: (ground) => deletes(ground, here(ground)),
  },
  {
    number: 7,
    claim: "The same as the child of a system job, as the helper is: creation is free, deletion ends with 0 or 40.",
    mark: "D",
    asked: "the same calls from a LaunchDaemon whose main program is our Node",
    expected: ["exit 0", "exit 40"],
    seconds: 300,
    ask: (ground) => deletes(ground, daemon(ground)),
  },
  {
    number: 8,
    claim: "A home can be set on a record that has none yet, by a system job without any grant.",
    mark: "D",
    asked: "a new record with a uid, then dscl . -create /Users/NAME NFSHomeDirectory /var/empty, as a system job",
    expected: ["exit 0"],
    seconds: 300,
    async ask(ground) {
      const path = ground.record("Users");
      for (const attribute of [[], ["UniqueID", await ground.freeId()]]) {
        await daemon(ground)(".", "-create", path, ...attribute);
      }
      return ended(await daemon(ground)(".", "-create", path, "NFSHomeDirectory", "/var/empty"));
    },
  },
  {
    number: 9,
    claim: "Setting a uid again, even to what it is, is forbidden without the grant; we set each attribute once.",
    mark: "D",
    asked: "dscl . -create /Users/NAME UniqueID UID, twice, as a system job",
    expected: ["exit 0", "exit 40"],
    seconds: 300,
    async ask(ground) {
      const [path, uid] = [ground.record("Users"), await ground.freeId()];
      for (const attribute of [[], ["UniqueID", uid]]) await daemon(ground)(".", "-create", path, ...attribute);
      return ended(await daemon(ground)(".", "-create", path, "UniqueID", uid));
    },
  },
  {
    number: 10,
    claim: "A group can be deleted without the grant.",
    mark: "F",
    asked: "dscl . -create /Groups/NAME, then dscl . -delete /Groups/NAME, as a system job",
    expected: ["exit 0"],
    seconds: 180,
    async ask(ground) {
      const path = ground.record("Groups");
      await daemon(ground)(".", "-create", path);
      return ended(await daemon(ground)(".", "-delete", path));
    },
  },
  {
    number: 11,
    claim: "Changing a home to itself tells beforehand whether a deletion will be allowed.",
    mark: "D",
    asked: "dscl . -change /Users/NAME NFSHomeDirectory HOME HOME, then its deletion, as a system job",
    expected: ["exit 0, then exit 0", "exit 40, then exit 40"],
    seconds: 300,
    ask: (ground) => foretells(ground, daemon(ground)),
  },
]);
