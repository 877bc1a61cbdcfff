/** The workflow for hosted Macs: nobody here can run it, so what can be wrong with it without a run is looked at. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { probes } from "../mac/probes.ts";
import { root, textOf } from "./pages.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly "timeout-minutes"?: number;
}

interface Job {
  readonly "runs-on": string;
  readonly "timeout-minutes": number;
  readonly "continue-on-error": string;
  readonly strategy: {
    readonly "fail-fast": boolean;
    readonly matrix: { readonly include: readonly { readonly runner: string; readonly preview: boolean }[] };
  };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly concurrency: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

const text = textOf(".github/workflows/mac.yml");
const workflow: Workflow = parse(text);
const jobs = Object.values(workflow.jobs);
const steps = jobs.flatMap((job) => job.steps);
const commands = steps.flatMap(({ run }) => (run === undefined ? [] : run.split("\n")));
/** The arguments of each call of the suite. */
const calls = commands.flatMap((line) => {
  const words = /^sudo npm run test:mac -- (.*)$/.exec(line)?.[1]?.split(" ");
  return words ? [words] : [];
});

test("the workflow runs on the two newest systems of both processors", () => {
  const runners = jobs.flatMap(({ strategy }) => strategy.matrix.include);
  assert.deepEqual(
    runners.map(({ runner }) => runner),
    ["xcode-27", "macos-26", "macos-15", "macos-26-intel", "macos-15-intel"],
  );
  assert.deepEqual(
    runners.filter(({ preview }) => preview).map(({ runner }) => runner),
    ["xcode-27"],
  );
  for (const job of jobs) {
    assert.equal(job["runs-on"], "$" + "{{ matrix.runner }}");
    assert.equal(job["continue-on-error"], "$" + "{{ matrix.preview }}");
    assert.equal(job.strategy["fail-fast"], false);
  }
});

test("the workflow may read the sources and nothing else, and knows no secret", () => {
  assert.deepEqual(workflow.permissions, { contents: "read" });
  assert.equal(text.match(/permissions:/g)?.length, 1);
  assert.doesNotMatch(text, /secrets|github\.token|GITHUB_TOKEN|pull_request_target|workflow_run/);
  const checkout = steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
  assert.equal(checkout?.with?.["persist-credentials"], false);
});

test("the workflow names each action by its whole commit, with the version beside it", () => {
  const uses = text.match(/uses: .*/g) ?? [];
  assert.equal(uses.length, 2);
  for (const line of uses) assert.match(line, /^uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test("the workflow puts nothing that others choose into a shell", () => {
  for (const command of commands) assert.ok(!command.includes("$"), command);
});

test("the workflow, and each of its steps, ends in time, one run of it at a time", () => {
  for (const job of jobs) {
    const minutes = job.steps.map((step) => step["timeout-minutes"] ?? Number.NaN);
    const sum = minutes.reduce((one, other) => one + other, 0);
    assert.ok(sum <= job["timeout-minutes"], `${sum} minutes in steps`);
    assert.ok(job["timeout-minutes"] <= 180);
  }
  assert.match(workflow.concurrency.group, /^mac-/);
});

test("the workflow's commands are there, with the options that they are given", () => {
  const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(textOf("package.json"));
  for (const command of commands) {
    const [, script] = /^(?:sudo )?npm (?:ci|run (\S+).*)$/.exec(command) ?? assert.fail(`unknown: ${command}`);
    if (script !== undefined) assert.ok(Object.hasOwn(scripts, script), script);
  }
  assert.equal(calls.length, 2);
  for (const call of calls) {
    const { status, stderr } = spawnSync(process.execPath, [join(root, "test/mac/main.ts"), ...call, "--list"], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  }
});

test("the workflow asks all questions, and those that install the worker first, Firefox among them", () => {
  const listed = calls.map((call) => {
    const argv = [join(root, "test/mac/main.ts"), ...call, "--list"];
    const { stdout } = spawnSync(process.execPath, argv, { encoding: "utf8" });
    return stdout
      .trim()
      .split("\n")
      .map((line) => Number.parseInt(line, 10));
  });
  const installing = probes.filter(({ installs }) => installs);
  assert.deepEqual(listed, [installing.map(({ number }) => number), probes.map(({ number }) => number)]);
  assert.ok(installing.some(({ asked: how }) => /install .*firefox\.yml, uninstall/.test(how)));
});

test("the workflow keeps every report, also of a run that failed", () => {
  const upload = steps.at(-1);
  assert.match(upload?.uses ?? "", /^actions\/upload-artifact@/);
  assert.match(upload?.if ?? "", /always\(\)/);
  const outputs = calls.map((call) => call[call.indexOf("--output") + 1] ?? "");
  assert.equal(new Set(outputs).size, calls.length);
  for (const output of outputs) assert.ok(output.startsWith(`${upload?.with?.["path"]}/`), output);
  assert.equal(upload?.with?.["if-no-files-found"], "error");
  for (const step of steps.filter(({ run }) => run?.includes("report/asked")))
    assert.match(step.if ?? "", /!cancelled\(\)/);
});
