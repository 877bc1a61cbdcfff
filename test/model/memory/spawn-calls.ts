/** Stands in for helper/spawn.ts, the only module of the helper that starts processes: the same names, in memory. */
import type { ToolResult } from "../../../helper/spawn.ts";
import type { Behaviour, Ended, Process } from "./kernel.ts";
import { type Machine, theMachine } from "./machine.ts";
import type { MemorySocket } from "./network.ts";

export const tools = { ps: "/bin/ps", id: "/usr/bin/id", env: "/usr/bin/env", perl: "/usr/bin/perl" } as const;
/** Nobody is in the graphics session: it is switched off here. */
export const seats = new Map<number, Set<{ kill(signal: string): boolean }>>();

async function runPs({ faults, kernel, clock }: Machine, timeoutMs: number): Promise<ToolResult> {
  if (faults.strikes("ps-blind")) return { exit: 0, stdout: "    2     0     0     0 Ss\n" };
  if (!faults.strikes("ps-fails")) return { exit: 0, stdout: kernel.list() };
  if (faults.met("ps-fails") % 3 === 0) throw new Error("spawn /bin/ps EAGAIN");
  if (faults.met("ps-fails") % 3 === 1) return { exit: 1, stdout: "" };
  await clock.wait(timeoutMs);
  return { exit: null, stdout: "  1 0 0" };
}

async function runDscl(machine: Machine, args: readonly string[], timeoutMs: number): Promise<ToolResult> {
  const { clock, directory, faults } = machine;
  if (args[0] === "-plist") {
    if (!faults.strikes("dscl-unreadable")) return directory.run(args);
    return { exit: faults.met("dscl-unreadable") % 2 === 0 ? 70 : 0, stdout: "<?xml" };
  }
  if (faults.strikes("dscl-hangs")) {
    await clock.wait(timeoutMs);
    return { exit: null, stdout: "" };
  }
  if (faults.strikes("dscl-flaky")) return { exit: 140, stdout: "" };
  if (faults.strikes("dscl-lies")) return { exit: 0, stdout: "" };
  const uid = args[3] === "UniqueID" ? args[4] : undefined;
  // A creation that was told of the uid before may come too late as well: that person is there already.
  if (uid !== undefined && !directory.read("Users", `person${uid}`) && faults.strikes("uid-taken")) {
    directory.addForeign("Users", `person${uid}`, { UniqueID: [uid], PrimaryGroupID: ["20"], RealName: ["A person"] });
  }
  if (faults.strikes("dscl-killed")) {
    if (machine.random(2) === 0) directory.run(args);
    return { exit: null, stdout: "" };
  }
  return directory.run(args);
}

export async function runTool(file: string, args: readonly string[], timeoutMs: number): Promise<ToolResult> {
  const machine = theMachine();
  machine.checkCommand(file, args);
  await machine.latency();
  if (machine !== theMachine()) return { exit: null, stdout: "" };
  if (file === tools.ps) return runPs(machine, timeoutMs);
  if (file !== tools.id) return runDscl(machine, args, timeoutMs);
  const uid = machine.directory.read("Users", args[1] ?? "")?.get("UniqueID")?.[0];
  const seen = uid !== undefined && !machine.faults.strikes("id-blind");
  return seen ? { exit: 0, stdout: `${uid}\n` } : { exit: 1, stdout: "" };
}

function check(machine: Machine, uid: number, what: string): void {
  const [first, last] = machine.uidRange;
  if (!Number.isInteger(uid) || uid < first || uid > last) machine.violation(`starts ${what} as uid ${uid}`);
}

type Lines = "sweep" | "kill";

export function runAs(uid: number, _: object, what: Lines, args: string[], timeoutMs: number): Promise<ToolResult> {
  const machine = theMachine();
  check(machine, uid, `the ${what}`);
  return what === "sweep" ? runSweep(machine, uid, args, timeoutMs) : runKill(machine, uid, args, timeoutMs);
}

/** What fights back stops it, or kills it first, as long as there is anybody. */
async function runKill(machine: Machine, uid: number, args: string[], timeoutMs: number): Promise<ToolResult> {
  if (args.join() !== `${uid}`) machine.violation(`kills ${args.join(" ")} as uid ${uid}`);
  const is = machine.kernel.aliveOf(uid) > 0 ? machine.random(3) : 2;
  await machine.clock.wait(is === 0 ? timeoutMs : 5);
  if (is === 2) machine.kernel.killUser(uid);
  return { exit: is === 2 ? 0 : null, stdout: is === 2 ? "ran\n" : "" };
}

async function runSweep(machine: Machine, uid: number, args: string[], timeoutMs: number): Promise<ToolResult> {
  const { clock, faults, files } = machine;
  const [name = "", text, home = ""] = args;
  if (text !== `${uid}` || home !== `/home/${name}/home`) machine.violation(`sweeps ${args.join(" ")} as uid ${uid}`);
  const found = files.shared.get(uid) ?? 0;
  await clock.wait(20);
  if (faults.strikes("sweep-hangs")) {
    await clock.wait(timeoutMs);
    return { exit: null, stdout: faults.met("sweep-hangs") % 2 === 0 ? `found ${found}\n` : "" };
  }
  const left = faults.strikes("sweep-leaves") ? 2 : 0;
  files.shared.set(uid, left);
  if (faults.strikes("home-stays")) files.write(`${home}/immutable`, "");
  else files.empty(home);
  if (faults.strikes("comes-back")) {
    machine.kernel.start(uid, "sleeps", () => {});
    files.shared.set(uid, left + 1);
  }
  return { exit: 0, stdout: `found ${Math.max(found, left)}\nleft ${left}\nlooked\n` };
}

interface As {
  readonly uid: number;
  readonly cwd: string;
  readonly stdin: MemorySocket | undefined;
  readonly output: MemorySocket | undefined;
}

/** The fields of a ChildProcess that the helper looks at. */
interface Child {
  readonly pid: number;
  exitCode: number | null;
  signalCode: string | null;
}

/** `argv[0]` says how the command behaves. */
export function startCommand(
  { argv }: { readonly argv: readonly string[] },
  { uid, stdin, output }: As,
  _: object,
  ended: (how: Ended & { userMs: number; systemMs: number }) => void,
): Child | undefined {
  const machine = theMachine();
  check(machine, uid, "a command");
  if (machine.faults.strikes("no-process")) {
    if (machine.faults.met("no-process") % 2 === 0) return undefined;
    throw new Error("spawn ENOMEM");
  }
  const behaviour = argv[0] as Behaviour; // checked: the commands of the model's steps are behaviours
  const sockets = [stdin, output].filter((socket) => socket !== undefined);
  const process: Process = machine.kernel.start(uid, behaviour, (how) => {
    child.exitCode = how.signal === null ? 0 : null;
    child.signalCode = how.signal;
    machine.clock.after(1, () => {
      for (const { peer } of sockets) peer.release(process);
      ended({ ...how, userMs: 3, systemMs: 1 });
    });
  });
  for (const { peer } of sockets) peer.hold(process);
  const child: Child = { pid: process.pid, exitCode: null, signalCode: null };
  return child;
}
