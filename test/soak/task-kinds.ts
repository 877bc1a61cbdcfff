/** The tasks of a soak, and what must come of each. Everything follows from the numbers that a task was made with. */
import type { Random } from "../fuzz/random.ts";

export interface Expected {
  readonly state: "completed" | "failed" | "exception";
  /** Of the last run. */
  readonly reason: string;
  /** What the commands write, whole; null when a task is ended in the middle of it. */
  readonly output: Buffer | null;
  /** Content of each declared artifact; null for one that must be an error. */
  readonly artifacts: ReadonlyMap<string, Buffer | null>;
}

export interface SoakTask {
  readonly kind: string;
  readonly payload: object;
  readonly expected: Expected;
  /** To be cancelled when its first command runs. */
  readonly isCancelled: boolean;
}

interface Made {
  readonly lines: string;
  readonly output?: Buffer | string | null;
  readonly expected?: Partial<Expected>;
  readonly payload?: object;
  readonly isCancelled?: boolean;
}

const nothing: ReadonlyMap<string, Buffer | null> = new Map();
const seconds = (random: Random, most: number): string => (random.below(most * 1000) / 1000).toFixed(3);
const text = (lines: readonly (string | number)[]): string => lines.map((line) => `${line}\n`).join("");
const repeated = (what: string, bytes: number): Buffer => Buffer.alloc(bytes, what);

function artifacts(random: Random): Made {
  const files = Array.from({ length: 1 + random.below(12) }, (_, n) => ({ n, bytes: random.small(300_000) }));
  const made = files.map(({ n, bytes }) => `head -c ${bytes} <(yes file${n}) >out/deep/f${n}.txt`);
  const content = files.map(({ n, bytes }) => [`public/out/f${n}.txt`, repeated(`file${n}\n`, bytes)] as const);
  return {
    lines: ["set -e", "mkdir -p out/deep", ...made, "echo made"].join("\n"),
    output: "made\n",
    payload: { artifacts: [{ type: "directory", path: "out/deep", name: "public/out" }] },
    expected: { artifacts: new Map(content) },
  };
}

const kinds: Readonly<Record<string, (random: Random) => Made>> = {
  nothing: () => ({ lines: ":", output: "" }),
  lines: (random) => {
    const count = 1 + random.below(3000);
    return { lines: `for ((i = 1; i <= ${count}; i++)); do echo "line $i"; done`, output: text(counted(count)) };
  },
  "much output": (random) => {
    const bytes = 1_000_000 + random.below(5_000_000);
    return {
      lines: `head -c ${bytes} <(yes '0123456789 abcdefghijklmnop'); echo`,
      output: Buffer.concat([repeated("0123456789 abcdefghijklmnop\n", bytes), Buffer.from("\n")]),
    };
  },
  "no text": () => ({ lines: "printf '\\xff\\x00\\xfe end\\n'", output: Buffer.from("\xff\0\xfe end\n", "latin1") }),
  "both streams": () => ({ lines: "echo out; echo err >&2; echo through >/dev/stdout", output: "out\nerr\nthrough\n" }),
  sleeps: (random) => ({ lines: `sleep ${seconds(random, 4)}; echo woke`, output: "woke\n" }),
  fails: (random) => ({
    lines: `echo failing; exit ${1 + random.below(120)}`,
    output: "failing\n",
    expected: { state: "failed", reason: "failed" },
  }),
  "killed by itself": () => ({
    lines: "echo dying; kill -KILL $$",
    output: "dying\n",
    expected: { state: "failed", reason: "failed" },
  }),
  "leaves daemons": () => ({
    lines:
      "(setsid bash -c 'trap \"\" TERM HUP; while :; do sleep 1; done' >/dev/null 2>&1 &) ; echo left; touch /tmp/soak-$$ /var/tmp/soak-$$",
    output: "left\n",
  }),
  "too long": () => ({
    lines: "echo begun; sleep 600",
    output: null,
    payload: { maxRunTime: 1 },
    expected: { state: "failed", reason: "failed" },
  }),
  artifacts,
  "missing artifact": () => ({
    lines: "echo none",
    output: "none\n",
    payload: { artifacts: [{ type: "file", path: "none.txt", name: "public/none.txt" }] },
    expected: { state: "failed", reason: "failed", artifacts: new Map([["public/none.txt", null]]) },
  }),
  "asks for a retry": () => ({
    lines: "echo again; exit 7",
    output: "again\n",
    payload: { onExitStatus: { retry: [7] } },
    expected: { state: "exception", reason: "intermittent-task" },
  }),
  cancelled: () => ({
    lines: "echo begun; sleep 600",
    output: null,
    isCancelled: true,
    expected: { state: "exception", reason: "canceled" },
  }),
  malformed: () => ({
    lines: ":",
    output: "",
    payload: { maxRunTime: "soon" },
    expected: { state: "exception", reason: "malformed-payload" },
  }),
};

function counted(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `line ${n + 1}`);
}

/** The next task that `random` gives. */
export function nextTask(random: Random): SoakTask {
  const kind = random.pick(Object.keys(kinds));
  const make = kinds[kind];
  if (!make) throw new Error(`there is no kind ${kind}`);
  const { lines, output = "", expected = {}, payload = {}, isCancelled = false } = make(random);
  return {
    ...{ kind, isCancelled },
    payload: { command: [["/bin/bash", "-c", lines]], maxRunTime: 300, ...payload },
    expected: {
      ...{ state: "completed", reason: "completed", artifacts: nothing, ...expected },
      output: typeof output === "string" ? Buffer.from(output) : output,
    },
  };
}
