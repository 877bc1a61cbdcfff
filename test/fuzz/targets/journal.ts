/**
 * The journal. An input is three bytes (which user moves, to which state, how much room the disk has then) and the file's
 * content: it is opened, one user moves, and what a helper that starts then would read is compared.
 */
import { Journal } from "../../../helper/journal.ts";
import { Refusal } from "../../../helper/refusal.ts";
import { rootSchemas } from "../../../shared/protocol/root-schemas.ts";
import type { TaskUser, UserState } from "../../../shared/protocol/root-types.ts";
import { valueFor } from "../from-schema.ts";
import { changeJson } from "../json-text.ts";
import { isValid } from "../judge.ts";
import { disk } from "../memory-files.ts";
import type { Random } from "../random.ts";
import { isSentence } from "../sentence.ts";
import type { Target } from "../target.ts";

const schema = rootSchemas["taskUser"] ?? {};
const states: readonly UserState[] = [
  "planned",
  "creating",
  "ready",
  "killing",
  "deleting",
  "resting",
  "quarantined",
  "gone",
];
const file = "/var/lib/taskcluster-worker/default/private/journal";
const range = [5000, 5009] as const;
const headBytes = 3;

function line(random: Random): string {
  const uid = random.oneIn(20) ? random.pick([4999, 5010, 59_999]) : 5000 + random.below(10);
  return JSON.stringify(Object.assign(Object(valueFor(schema, random)), { uid }));
}

function open(): Journal | undefined {
  const before = disk.content(file);
  try {
    return new Journal(file, range);
  } catch (error) {
    if (!isSentence(error, file)) throw error;
    if (disk.content(file) !== before) throw new Error("it refused the file, and changed it");
    return undefined;
  }
}

/** Users by uid, and whose uid was given last. */
function summary(journal: Journal): string {
  const users = [...journal.users].sort(([one], [other]) => one - other);
  return JSON.stringify({ users, newest: journal.newest?.uid });
}

function sameAsOnDisk(journal: Journal, when: string): void {
  const again = new Journal(file, range);
  const [wanted, read] = [summary(journal), summary(again)];
  if (wanted !== read) throw new Error(`${when}: it was ${wanted}, a helper that starts reads ${read}`);
}

function check(journal: Journal): void {
  for (const [uid, user] of journal.users) {
    if (!isValid(schema, user) || uid !== user.uid || uid < range[0] || uid > range[1] || user.state === "gone") {
      throw new Error(`no task user: ${JSON.stringify(user)}`);
    }
  }
}

/** Moves, and says whether the disk took it. */
function moved(journal: Journal, user: TaskUser, state: UserState, room: number): boolean {
  const before = summary(journal);
  disk.room = room;
  try {
    journal.move(user, state);
    return true;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "journal-unwritable") throw error;
    if (summary(journal) !== before) throw new Error("it moved a user in memory only");
    return false;
  } finally {
    disk.room = Number.POSITIVE_INFINITY;
  }
}

export const journal: Target = {
  tokens: [
    ...[
      "\n",
      "\n\n",
      "\r\n",
      "{}\n",
      "null\n",
      "5000",
      "5009",
      "5010",
      "4999",
      "59999",
      "5e3",
      "5000.0",
      '"uid":',
      '"state":',
    ],
    ...states.map((state) => `"${state}"`),
    ...['"__proto__":', '"parkId":', '"tcw-aaaaaaaa"', '"../etc"', "\\n", "\\u0000", "\ufeff", "\u2028", "{", "}", ","],
  ],

  make(random) {
    const head = Buffer.from([random.below(8), random.below(8), random.oneIn(2) ? random.below(256) : 0]);
    const lines = Array.from({ length: random.below(6) }, () =>
      random.oneIn(6) ? changeJson(line(random), random) : line(random),
    );
    return Buffer.concat([head, Buffer.from(`${lines.join("\n")}${random.oneIn(4) ? "" : "\n"}`)]);
  },

  change(input, random) {
    if (input.length <= headBytes || random.oneIn(3)) return undefined;
    const head = Buffer.from(input.subarray(0, headBytes));
    if (random.oneIn(3)) head[random.below(headBytes)] = random.below(256);
    const lines = input.subarray(headBytes).toString("utf8").split("\n");
    const at = random.below(lines.length);
    if (random.oneIn(2)) lines.splice(at, 0, random.oneIn(2) ? line(random) : random.pick(lines));
    else if (random.oneIn(3)) lines.splice(at, 1);
    else lines[at] = changeJson(lines[at] ?? "", random);
    return Buffer.concat([head, Buffer.from(lines.join("\n"))]);
  },

  run(input) {
    const [which = 0, to = 0, room = 0] = input;
    disk.reset(file, Buffer.from(input.subarray(headBytes)));
    const journal = open();
    if (!journal) return;
    check(journal);
    if (room % 4 === 1) sameAsOnDisk(journal, "after opening it");
    const users = [...journal.users.values()];
    const user = users[which % Math.max(1, users.length)];
    if (!user) return;
    const state = states[to % states.length] ?? "ready";
    if (!moved(journal, user, state, room === 0 ? Number.POSITIVE_INFINITY : room)) {
      const torn = Buffer.from(disk.content(file) ?? "");
      sameAsOnDisk(journal, "after a move that did not fit");
      disk.reset(file, torn);
      if (!moved(journal, user, state, Number.POSITIVE_INFINITY))
        throw new Error("it does not go on when there is room");
    }
    if (journal.users.get(user.uid)?.state !== (state === "gone" ? undefined : state))
      throw new Error("it did not move");
    check(journal);
    sameAsOnDisk(journal, "after the move");
  },
};
