/**
 * `npm run coverage [-- FILE …]`, as root: runs the tests of what is root, every Node of theirs covered, and prints how
 * much of helper/ and shared/protocol/ has run. Ends with 1 below 100 % of the lines or 95 % of the branches. FILEs are
 * tests to run instead of all.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { root } from "../imports.ts";
import { coverNode } from "./covering-node.ts";
import { type FileReport, percent, reportOf, table, totalOf } from "./report.ts";
import { Seen, type Written } from "./seen.ts";

/** They wait more than they work. */
const atOnce = 4;
const tests = [
  "test/{helper,protocol,mac-stand-ins}/*.test.ts",
  "test/attack/{full-disk,start-conditions,tickets,too-long,wire-ids}.test.ts",
  "test/stories/{starter,starter-refusals,crashes,break-in}.test.ts",
  "test/cli/audit.test.ts",
];
const inside = "--inside";
const words = process.argv.slice(2);
const needed = { lines: 100, branches: 95 };
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Runs one file; its output is said only when a test of it fails. */
async function runTest(node: string, file: string): Promise<boolean> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(node, [file], { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const begun = performance.now();
  const [status] = await once(child, "close");
  say(`${status === 0 ? "passed" : "FAILED"} ${file}, ${Math.round((performance.now() - begun) / 1000)} s`);
  if (status !== 0) say(output);
  return status === 0;
}

async function runTests(node: string, files: readonly string[]): Promise<boolean> {
  const waiting = [...files];
  let passed = true;
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file; file = waiting.shift()) passed = (await runTest(node, file)) && passed;
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return passed;
}

/** Merges what the processes have left. */
function reports(collected: string): FileReport[] {
  const seen: Record<string, Seen> = {};
  for (const name of readdirSync(collected).filter((each) => each.endsWith(".json"))) {
    const written: Record<string, Written> = JSON.parse(readFileSync(join(collected, name), "utf8"));
    for (const [file, part] of Object.entries(written)) {
      seen[file] ??= new Seen();
      seen[file].add(part);
    }
  }
  const files = globSync(["helper/*.ts", "shared/protocol/*.ts"], { cwd: root }).filter(
    (file) => !/\.d\.ts$/.test(file),
  );
  return files.sort().map((file) => reportOf(file, readFileSync(join(root, file), "utf8"), seen[file] ?? new Seen()));
}

async function measure(named: readonly string[]): Promise<number> {
  const node = realpathSync(process.execPath);
  const { collected, remove } = coverNode(node);
  const passed = await runTests(node, named.length > 0 ? named : globSync(tests, { cwd: root }).sort());
  const all = reports(collected);
  remove();
  for (const { file, missedBranches } of all) for (const each of missedBranches) say(`did not run: ${file}:${each}`);
  say(table(all));
  const { lines, branches } = totalOf(all);
  const share = ([whole = 0, missed = 0]: readonly number[]): number => percent(whole - missed, whole);
  return passed && share(lines) >= needed.lines && share(branches) >= needed.branches ? 0 : 1;
}

/** In a mount namespace of its own, because it puts another Node into the checkout. */
async function measureApart(): Promise<void> {
  const argv = [
    "--mount",
    "--fork",
    "--kill-child",
    process.execPath,
    ...process.execArgv,
    import.meta.filename,
    inside,
    ...words,
  ];
  const [status] = await once(spawn("/usr/bin/unshare", argv, { stdio: "inherit" }), "exit");
  process.exitCode = typeof status === "number" ? status : 1;
}
if (words[0] === inside) process.exitCode = await measure(words.slice(1));
else await measureApart();
