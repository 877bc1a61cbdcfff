/**
 * Pool mode for a long time: macOS forbids to delete records, so that few accounts serve many tasks. Each task leaves
 * something behind, and the next one on its uid must find nothing of it.
 */
import assert from "node:assert/strict";
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Answers } from "../../shared/protocol/messages.ts";
import { Client, RefusedError } from "../helper/client.ts";
import { accountsIn } from "../helper/machine.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";

/** As many uids as a slice has. */
const wholeSlice = 25;
const samples = 40;
/** Users in whose homes the task leaves what its user cannot delete: they are not proven clean. */
const dirty = 3;

const command = [
  "find /tmp /var/tmp /dev/shm . -mindepth 1 -xdev -user $UID 2>/dev/null | wc -l",
  "setsid bash -c 'trap \"\" TERM HUP; sleep 300; :' >/dev/null 2>&1 & echo x >/tmp/tcw-$UID",
  "mkdir -p a/b; echo secret >a/b/f; chmod 000 a/b a",
].join("\n");

export interface PoolReport {
  readonly tasks: number;
  /** Uids that ever had an account: the size of the pool. */
  readonly uids: number;
  readonly mostRecords: number;
  /** Tasks that got an account which an earlier one had. */
  readonly reused: number;
  readonly quarantined: number;
  /** How often a task had to wait for a uid. */
  readonly waits: number;
  readonly journalBytes: number;
  readonly memory: { firstKb: number; lastKb: number; slopeKbPerThousand: number };
}

/** Least squares, without the first quarter: the heap still grows into its shape there. */
function slope(points: readonly (readonly [number, number])[]): number {
  const settled = points.slice(Math.floor(points.length / 4));
  const mean = (pick: 0 | 1): number => settled.reduce((sum, point) => sum + point[pick], 0) / settled.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = settled.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return spread === 0 ? 0 : settled.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread;
}

function residentKb(helper: RealHelper): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${helper.process.pid}/status`, "utf8"))?.[1]);
}

/**
 * As root, on so many uids. Throws at the first thing that is not as it must be. `say` is told how far it is.
 */
export async function runPool(tasks: number, say: (line: string) => void, uids = wholeSlice): Promise<PoolReport> {
  const helper = await startRealHelper((firstUid) => ({ uidRange: [firstUid, firstUid + uids - 1] }));
  helper.modes("tcc=denied\n");
  const client = await Client.hello(helper.socketPath);
  try {
    return await serve(helper, client, tasks, uids, say);
  } finally {
    await client.close();
    await helper.stop();
  }
}

async function serve(
  helper: RealHelper,
  client: Client,
  tasks: number,
  uids: number,
  say: (line: string) => void,
): Promise<PoolReport> {
  /** At once, after a first wave that makes as many records as there may be. */
  const width = Math.floor(uids / 3);
  const { firstUid } = helper.slice;
  /** How the newest task of each uid ended. */
  const ended = new Map<number, Answers["deleteUser"]["state"] | "live">();
  const memory: [number, number][] = [];
  const journal = `${helper.places.private}/journal`;
  let [done, mostRecords, reused, journalBytes, waits] = [0, 0, 0, 0, 0];

  let oneLess = Promise.withResolvers<void>();

  /** A uid waits until everybody has ended who lived beside its last user: then the task waits too, as the agent does. */
  async function create(): Promise<Answers["createUser"]> {
    const { promise: next } = oneLess;
    const user = await client.request("createUser", {}).catch((error: unknown) => {
      if (error instanceof RefusedError && error.code === "no-free-user") return null;
      throw error;
    });
    if (user === null) {
      waits += 1;
      await next;
      return create();
    }
    const before = ended.get(user.uid);
    assert.ok(before === undefined || before === "resting", `${user.name} is given out, and was ${before}`);
    assert.ok(user.uid >= firstUid && user.uid < firstUid + uids, `${user.uid} is outside of the range`);
    if (before) reused += 1;
    ended.set(user.uid, "live");
    return user;
  }

  async function finish(user: Answers["createUser"], spoil: boolean): Promise<void> {
    const { output } = await client.run(user.user, ["/bin/bash", "-c", command]).catch((error: unknown) => {
      throw new Error(`task ${done} as ${user.name}: ${error}`);
    });
    assert.equal(output.trim(), "0", `${user.name} finds something of the task before it`);
    if (spoil) {
      mkdirSync(join(user.home, "planted"));
      writeFileSync(join(user.home, "planted", "file"), "root's");
      chownSync(join(user.home, "planted"), 0, 0);
    }
    const gone = await client.request("deleteUser", { user: user.user });
    assert.equal(gone.state, spoil ? "quarantined" : "resting", `${user.name}: ${JSON.stringify(gone)}`);
    ended.set(user.uid, gone.state);
    oneLess.resolve();
    oneLess = Promise.withResolvers();
    look();
  }

  function look(): void {
    done += 1;
    journalBytes = Math.max(journalBytes, statSync(journal).size);
    if (done % Math.max(1, Math.floor(tasks / samples)) !== 0) return;
    memory.push([done, residentKb(helper)]);
    const records = new Set(accountsIn(firstUid, firstUid + wholeSlice - 1).map((line) => line.split(":")[0])).size;
    mostRecords = Math.max(mostRecords, records);
    assert.ok(records <= uids, `${records} records`);
    say(`${done} tasks, ${records} records, ${memory.at(-1)?.[1]} kB, journal ${statSync(journal).size} bytes`);
  }

  const wave: Answers["createUser"][] = [];
  while (wave.length < Math.min(uids - 1, Math.ceil(tasks / 8))) wave.push(await create());
  let begun = wave.length;
  const apart = Math.ceil((tasks - begun) / (dirty + 1));
  const worker = async (): Promise<void> => {
    for (let user = wave.pop(); user; user = wave.pop()) await finish(user, false);
    while (begun < tasks) {
      begun += 1;
      const spoil = (tasks - begun) % apart === 0 && begun < tasks;
      await finish(await create(), spoil);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  await client.close();
  await helper.idle();
  const quarantined = helper.status().quarantined;
  assert.equal(quarantined, [...ended.values()].filter((state) => state === "quarantined").length);
  const [first, last] = [memory.at(Math.floor(memory.length / 4)), memory.at(-1)];
  const slopeKbPerThousand = Math.round(slope(memory) * 1000);
  return {
    ...{ tasks: done, uids: ended.size, mostRecords, reused, quarantined, waits, journalBytes },
    memory: { firstKb: first?.[1] ?? 0, lastKb: last?.[1] ?? 0, slopeKbPerThousand },
  };
}
