/** What `dscl` answers: the vectors that the stand-in passes, and what they cannot say. */
import { differences, vectorPrefix } from "../../dscl/judge.ts";
import { readVectors, type Vector } from "../../dscl/vectors.ts";
import { endOf, type Ground } from "../ground.ts";
import { until } from "../job.ts";
import { ownRecord } from "../ledger.ts";
import { type Answer, NotAsked, probesOf } from "../probe.ts";

/** A user that is complete, with this uid; its group is not made. */
async function makeUser(ground: Ground, path: string, uid: string): Promise<void> {
  const home = ["NFSHomeDirectory", "/var/empty"];
  for (const attribute of [[], ["UniqueID", uid], ["PrimaryGroupID", uid], home, ["UserShell", "/usr/bin/false"]]) {
    const ran = await ground.dscl(".", "-create", path, ...attribute);
    if (ran.exit !== 0) throw new Error(`-create ${path} ${attribute.join(" ")}: ${endOf(ran)} ${ran.stderr}`);
  }
}

/** The grant decides: without it no vector that leaves a user can be followed by another. */
async function canDelete(ground: Ground): Promise<boolean> {
  const path = ground.record("Users");
  await ground.dscl(".", "-create", path);
  return (await ground.dscl(".", "-delete", path)).exit === 0;
}

async function play(ground: Ground, vector: Vector): Promise<string[]> {
  const { directory } = ground;
  for (const path of new Set([...Object.keys(vector.state), ...Object.keys(vector.after)])) {
    if (ownRecord.test(path)) ground.ledger.note({ kind: "record", path });
  }
  try {
    await directory.build(vector.state);
    const before = await directory.records(vectorPrefix);
    const result = await directory.run(...vector.argv);
    return differences(vector, result, before, await directory.records(vectorPrefix));
  } catch (error) {
    return [`could not be played: ${error instanceof Error ? error.message : error}`];
  } finally {
    await directory.deleteAll(vectorPrefix);
  }
}

async function playAll(ground: Ground): Promise<Answer> {
  const there = Object.keys(await ground.directory.records(vectorPrefix));
  if (there.length > 0) throw new NotAsked(`there is ${there.join(", ")} already: remove it with dscl . -delete`);
  const deletes = await canDelete(ground);
  const all = readVectors().filter(({ modes, standInOnly }) => !modes && !standInOnly);
  const hasUser = ({ state, after }: Vector): boolean =>
    [...Object.keys(state), ...Object.keys(after)].some((path) => path.startsWith("/Users/"));
  const played = deletes ? all : all.filter((vector) => !hasUser(vector));
  const more: string[] = [`${played.length} of ${all.length} vectors played`];
  for (const vector of played) {
    for (const difference of await play(ground, vector)) more.push(`${vector.name}: ${difference}`);
  }
  return { seen: more.length === 1 ? "every vector as the stand-in" : `${more.length - 1} differences`, more };
}

async function sideBySide(ground: Ground): Promise<Answer> {
  const paths = Array.from({ length: 8 }, () => ground.record("Groups"));
  const gid = await ground.freeId();
  const ends = await Promise.all(
    paths.map(async (path) => {
      const made = await ground.dscl(".", "-create", path);
      const named = await ground.dscl(".", "-create", path, "RealName", path);
      return `${endOf(made)}, ${endOf(named)}`;
    }),
  );
  const records = await Promise.all(paths.map((path) => ground.directory.read(path)));
  const whole = records.filter((record, index) => record?.["RealName"]?.[0] === paths[index]).length;
  return { seen: `${whole} of 8 whole`, more: [`free id ${gid}`, ...ends] };
}

/** Milliseconds until `id -u` knows a new user, and until it does not know a deleted one. */
async function visibility(ground: Ground): Promise<Answer> {
  const path = ground.record("Users");
  const [uid, name] = [await ground.freeId(), path.slice("/Users/".length)];
  const known = async (): Promise<boolean> => (await ground.run("/usr/bin/id", ["-u", name])).stdout.trim() === uid;
  await makeUser(ground, path, uid);
  const made = performance.now();
  await until(known, "id knows the new user", 30_000);
  const seenMs = performance.now() - made;
  const { exit } = await ground.dscl(".", "-delete", path);
  const deleted = performance.now();
  const more = [`known after ${Math.round(seenMs)} ms`, `deletion: exit ${exit}`];
  if (exit === 0) {
    await until(async () => !(await known()), "id has forgotten the deleted user", 30_000);
    more.push(`forgotten after ${Math.round(performance.now() - deleted)} ms`);
  }
  return { seen: seenMs < 10_000 ? "within 10 s" : "later", more };
}

/** Never the deletion itself: only the walk that would make it one of all users. */
async function walked(ground: Ground, path: string): Promise<Answer> {
  const [all, asked] = [await ground.dscl(".", "-list", "/Users"), await ground.dscl(".", "-list", path)];
  return { seen: asked.exit === 0 && asked.stdout === all.stdout ? "every user" : endOf(asked) };
}

export const directoryProbes = probesOf({ leansOn: ["helper/dscl.ts", "helper/records.ts", "test/dscl/dscl"] }, [
  {
    number: 1,
    claim: "dscl answers every vector of test/dscl/vectors.jsonl as the stand-in does.",
    mark: "V",
    asked: "each vector: its records made, its call, its records compared, all removed",
    expected: ["every vector as the stand-in"],
    seconds: 900,
    ask: playAll,
  },
  {
    number: 2,
    claim: "Calls of dscl side by side lose nothing.",
    mark: "F",
    asked: "8 groups made at once, two calls each, then read",
    expected: ["8 of 8 whole"],
    ask: sideBySide,
  },
  {
    number: 3,
    claim: "A new user is seen by id within 10 seconds.",
    mark: "D",
    asked: "a complete user made; id -u NAME until it says the uid; deleted; id -u NAME until it does not",
    expected: ["within 10 s"],
    seconds: 120,
    ask: visibility,
  },
  {
    number: 4,
    claim: "dscl walks a dot in a path, so that -delete /Users/. would be one of all users.",
    mark: "V",
    asked: "dscl . -list /Users/. beside dscl . -list /Users (the deletion is never called)",
    expected: ["every user"],
    ask: (ground) => walked(ground, "/Users/."),
  },
  {
    number: 5,
    claim: "dscl decodes a path before it walks it.",
    mark: "V",
    asked: "dscl . -list /Users/%2e beside dscl . -list /Users",
    expected: ["every user"],
    ask: (ground) => walked(ground, "/Users/%2e"),
  },
]);
