/**
 * `npm run bench [-- --short] [-- --json] [-- NAME …]`: figures beside baselines of the same run, on this machine, as root.
 * It is no test: a target that is missed is printed, and the exit status stays 0.
 */
import { argumentsOf, endUsage } from "../arguments.ts";
import { needsRoot } from "../root.ts";
import { artifactFolder } from "./artifact-folder.ts";
import type { Form } from "./bench-helper.ts";
import { BenchWorker } from "./bench-worker.ts";
import { bombDeletions } from "./bombs.ts";
import { canary } from "./canary.ts";
import { firstByte } from "./first-byte.ts";
import { type Options, progress, type Row } from "./measure.ts";
import { memory } from "./memory.ts";
import { type StagedForms, stageForms } from "./staged-forms.ts";
import { asJson, asTable } from "./table.ts";
import { logThroughput } from "./task-log.ts";
import { tasksPerMinute } from "./tasks-per-minute.ts";

type Measure = (forms: StagedForms, options: Options) => Promise<Row[]>;

const measures: Readonly<Record<string, Measure>> = {
  "first-byte": async (forms, options) => [
    await firstByte(forms, "checkout", options),
    await firstByte(forms, "installed", options),
  ],
  tasks: async (forms, options) => [await tasksPerMinute(forms, 1, options), await tasksPerMinute(forms, 4, options)],
  canary: async (_, options) => [await canary(options)],
  memory: async (forms, options) => {
    const rows: Row[] = [];
    for (const form of ["checkout", "installed"] as const) {
      rows.push(...(await withWorker(forms, form, (worker) => memory(worker, forms.node, form, options))));
    }
    return rows;
  },
  bombs: bombDeletions,
  artifacts: async (forms, options) => withWorker(forms, "installed", (worker) => artifactFolder(worker, options)),
  log: async (forms, options) => [
    await withWorker(forms, "installed", (worker) => logThroughput(worker, "relay (Linux)", options)),
    await withWorker(forms, "direct", (worker) => logThroughput(worker, "no relay (as on macOS)", options)),
  ],
};

async function withWorker<T>(forms: StagedForms, form: Form, work: (worker: BenchWorker) => Promise<T>): Promise<T> {
  const worker = await BenchWorker.start(forms, form, 1);
  try {
    return await work(worker);
  } finally {
    await worker.stop();
  }
}

const usage = `npm run bench -- [--short] [--json] [NAME …]
  --short   fewer rounds
  --json    figures for a program to read
  NAME      ${Object.keys(measures).join(", ")}; all unless told`;
const { values, positionals } = argumentsOf(usage, {
  options: { json: { type: "boolean", default: false }, short: { type: "boolean", default: false } },
  allowPositionals: true,
});
const wanted = positionals.length > 0 ? positionals : Object.keys(measures);
const unknown = wanted.find((name) => !Object.hasOwn(measures, name));
if (unknown) {
  endUsage(
    `bench: there is no measure "${unknown}": name some of ${Object.keys(measures).join(", ")}, or none for all`,
  );
}
if (needsRoot) {
  progress("bench: only root can make task users: run it with sudo");
  process.exit(77);
}
const forms = await stageForms();
const rows: Row[] = [];
try {
  for (const name of wanted) {
    progress(`${name} …`);
    rows.push(...((await measures[name]?.(forms, { short: values.short })) ?? []));
  }
} finally {
  forms.remove();
}
process.stdout.write(`${values.json ? asJson(rows) : asTable(rows)}\n`);
