/**
 * What instrumented code of the helper calls at each of its fault points. A plan says what happens where; the test entry
 * reads it from a file. None of this is part of the helper: without the entry no point exists.
 */
import { appendFileSync, existsSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Fault =
  | { readonly kind: "none" }
  /** SIGKILL, as from the kernel. */
  | { readonly kind: "kill" }
  /** The system call fails, once; `lasting`: and every one after it that needs room on the disk. */
  | { readonly kind: "throw"; readonly code: "ENOSPC" | "EIO"; readonly lasting: boolean }
  /** These file systems are full from now on. */
  | { readonly kind: "fill"; readonly folders: readonly string[] };

export interface Plan {
  /** The helper's main.ts. */
  readonly main: string;
  /** Each passing of a point adds a line to this file. */
  readonly record: string;
  /** The point, as it is recorded, and at which of its passings something happens: from 1. */
  readonly at: string;
  readonly passing: number;
  readonly fault: Fault;
  /** Texts of the helper's sources that are others for this run: a constant path or time. */
  readonly replace: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

export function readPlan(file: string): Plan {
  return JSON.parse(readFileSync(file, "utf8"));
}

const planFile = process.env["CRASH_PLAN"];
const plan = planFile === undefined ? undefined : readPlan(planFile);
const roomTaking = /^(mkdirSync|writeFileSync|writeSync|linkSync|openSync)$/;
let passings = 0;
let struck = false;

function failure(code: string, step: string): Error {
  return Object.assign(new Error(`${code}: ${step} fails because the test wants it`), { code });
}

/** Until there is no byte and no inode left. */
function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(join(folder, "ballast"), Buffer.alloc(bavail * bsize, 1));
    for (let n = 0; ; n += 1) writeFileSync(join(folder, `ballast-${n}`), "");
  } catch {
    // That is what full means.
  }
}

function reach(point: string, step: string): void {
  if (!plan) return;
  appendFileSync(plan.record, `${point} ${step}\n`);
  const { fault } = plan;
  if (struck && fault.kind === "throw" && fault.lasting && point.endsWith(":before") && roomTaking.test(step)) {
    throw failure(fault.code, step);
  }
  if (point !== plan.at) return;
  passings += 1;
  if (passings !== plan.passing) return;
  struck = true;
  if (fault.kind === "kill") process.kill(process.pid, "SIGKILL");
  if (fault.kind === "throw") throw failure(fault.code, step);
  if (fault.kind === "fill") for (const folder of fault.folders) if (existsSync(folder)) fill(folder);
}

export function before(name: string, step: string): void {
  reach(`${name}:before`, step);
}

/** The value of the expression between the two. */
export function after<T>(name: string, step: string, value: T): T {
  reach(`${name}:after`, step);
  return value;
}
