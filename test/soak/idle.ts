/** What the worker's processes have open when nothing is to be done: the same after many tasks as after a few. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { agentHome } from "./machine.ts";
import { tasksToJudge } from "./samples.ts";
import type { Program, SoakWorker } from "./soak-worker.ts";

/** Counts by their names: `agent: socket`, `helper: Timeout`, `homes`. */
export type Counts = Readonly<Record<string, number>>;

export interface Idle {
  readonly counts: Counts;
  readonly heapKilobytes: Readonly<Record<Program, number>>;
}

const programs: readonly Program[] = ["agent", "helper"];
/** So many there may be at any time. */
const bounds: Counts = {
  // The poll in flight, and what is kept for the next call.
  "agent: TCPSocketWrap": 1,
  "agent: connection to the queue": 21,
};
/** Polls come and go: what is there all the time is the least that is ever seen. */
const everyMs = 300;
const mostHeapKilobytesPer1000Tasks = 1_000;
const quietMs = 6_000;
const longestMs = 60_000;

/** Inodes of the connections to a port of this machine. */
function connectionsTo(port: number): Set<string> {
  const rows = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
  const cells = rows.map((row) => row.trim().split(/\s+/));
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return new Set(cells.filter(([, , remote]) => remote?.endsWith(end)).map((row) => row[9] ?? ""));
}

/** What each descriptor of a process is: a kind, or the path of a file. */
function openBy(pid: number, connections: ReadonlySet<string>): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      const [, kind = target, inode = ""] = /^(\w+):\[(\d+)\]$/.exec(target) ?? [];
      return [connections.has(inode) ? "connection to the queue" : kind];
    } catch {
      return []; // It was closed meanwhile.
    }
  });
}

async function look(worker: SoakWorker, port: number): Promise<Idle> {
  const counts: Record<string, number> = {};
  const heapKilobytes = { agent: 0, helper: 0 };
  const pids = worker.pids();
  const connections = connectionsTo(port);
  for (const program of programs) {
    const { resources, heapBytes } = await worker.told(program);
    for (const resource of [...resources, ...openBy(pids[program], connections)]) {
      const name = `${program}: ${resource}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    heapKilobytes[program] = Math.round(heapBytes / 1024);
  }
  counts["homes"] = readdirSync("/home").length;
  counts["the agent's files"] = readdirSync(agentHome, { recursive: true }).length;
  counts["temporary files"] = ["/tmp", "/var/tmp", "/dev/shm"].flatMap((folder) => readdirSync(folder)).length;
  return { counts, heapKilobytes };
}

function least(one: Idle, other: Idle): Idle {
  // What is missing once is not there all the time.
  const both = Object.entries(one.counts).flatMap(([name, count]) => {
    const more = other.counts[name];
    return more === undefined ? [] : [[name, Math.min(count, more)] as const];
  });
  const heap = (program: Program) => Math.min(one.heapKilobytes[program], other.heapKilobytes[program]);
  return { counts: Object.fromEntries(both), heapKilobytes: { agent: heap("agent"), helper: heap("helper") } };
}

const isSame = (one: Counts, other: Counts): boolean => JSON.stringify(one) === JSON.stringify(other);

/** To be asked when no task is left, of a worker whose queue has the port. Resolves when the counts have not become less for a while. */
export async function whenIdle(worker: SoakWorker, port: number): Promise<Idle> {
  let idle = await look(worker, port);
  const latest = performance.now() + longestMs;
  for (let since = performance.now(); performance.now() < Math.min(since + quietMs, latest); ) {
    await delay(everyMs);
    const next = least(idle, await look(worker, port));
    if (!isSame(next.counts, idle.counts)) since = performance.now();
    idle = next;
  }
  return idle;
}

/** Sentences about what there is more of. */
export function moreThan(before: Counts, after: Counts): string[] {
  return Object.entries(after)
    .filter(([name, count]) => count > Math.max(before[name] ?? 0, bounds[name] ?? 0))
    .map(([name, count]) => `${name}: ${count} of them when idle, and ${before[name] ?? 0} before`);
}

/** Sentences about heaps that have grown in so many tasks; none when those are too few to tell. */
export function heapGrowth(before: Idle, after: Idle, tasks: number): string[] {
  if (tasks < tasksToJudge) return [];
  return programs.flatMap((program) => {
    const more = ((after.heapKilobytes[program] - before.heapKilobytes[program]) / tasks) * 1000;
    return more > mostHeapKilobytesPer1000Tasks
      ? [`the heap of the ${program} grows: ${Math.round(more)} kB per 1,000 tasks`]
      : [];
  });
}
