/**
 * Runs the tests with Node's own runner: `node test/run.ts [FILE or FOLDER …]`, without an argument all of them. Tests of
 * what only root can do skip themselves for anybody else; REQUIRE_ROOT=1 makes every skipped test a failure.
 */
import { accessSync, constants, globSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { run } from "node:test";
import { spec as Spec } from "node:test/reporters";
import { prepareForAll } from "./helper/prepared.ts";
import { needsRoot } from "./root.ts";

const root = join(import.meta.dirname, "..");
/** Suites with a command of their own: they measure, last long, or need a Mac. */
const apart = ["bench", "mac"];
const fileTimeoutMs = 15 * 60_000;
const filesAtOnce = 3;
/** Begun first, so that the end of a run is short files and no core waits for one that is long. */
const longFirst = ["conformance", "fuzz", "stories", "crash", "engine", "attack", "helper"];
/**
 * A bomb slows down whatever runs beside it, beyond the deadlines of others, and what forks for ever is caught in time
 * only where the processor is free for it. Tasks on a private machine have uids that helpers outside may have given out as
 * well, and a kill from there reaches them.
 */
const alone = [
  ...["fork-bomb", "killed-starter", "unending-helper"].map((name) => `test/stories/${name}.test.ts`),
  "test/soak/soak.test.ts",
  "test/launchd/life/life.test.ts",
];
/** Compiled sources of the tests, for the next process that needs them. Not in the environment, which children inherit. */
const keptCompiled = ["--import", join(import.meta.dirname, "compile-cache.ts")];
/** How many of the files that take longest are named at the end of a run of more than that. */
const slowest = 15;
/** Files that REQUIRE_ROOT runs a second time when they fail. More failures than that are no accident. */
const mostAgain = 8;

/** Programs that tests call, and the Debian package that has each. Where one is missing its tests skip themselves. */
const packages: Readonly<Record<string, string>> = {
  bash: "bash",
  perl: "perl",
  ps: "procps",
  strace: "strace",
  xmllint: "libxml2-utils",
  "xvfb-run": "xvfb",
  "firefox-esr": "firefox-esr",
  crontab: "cron",
  at: "at",
  bsdtar: "libarchive-tools",
  cpio: "cpio",
};

function isInstalled(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/bin", "/bin", "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function place(file: string): number {
  const index = longFirst.findIndex((folder) => file.startsWith(join("test", folder, "/")));
  return index < 0 ? longFirst.length : index;
}

function testFiles(named: readonly string[]): string[] {
  if (named.length === 0) {
    return globSync("test/**/*.test.ts", { cwd: root })
      .filter((file) => !apart.some((folder) => file.startsWith(join("test", folder, "/"))))
      .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
      .map((file) => join(root, file));
  }
  return named.flatMap((path) =>
    statSync(path).isDirectory() ? globSync("**/*.test.ts", { cwd: path }).map((file) => join(path, file)) : [path],
  );
}

const say = (text: string) => process.stdout.write(`${text}\n`);
const strict = process.env["REQUIRE_ROOT"] === "1";
const missing = process.platform === "linux" ? Object.keys(packages).filter((program) => !isInstalled(program)) : [];
for (const program of missing) {
  say(`${program} is missing, tests of it are skipped: apt-get install ${packages[program] ?? program}`);
}

let rooted = 0;
const skipped: string[] = [];
const durations: [ms: number, file: string][] = [];

/** Runs the files and resolves to those in which something failed. */
async function failedOf(files: readonly string[], concurrency: number): Promise<string[]> {
  const failed = new Set<string>();
  const events = run({ files: [...files], concurrency, timeout: fileTimeoutMs, cwd: root, execArgv: keptCompiled });
  events.on("test:fail", ({ file }) => failed.add(file ?? files[0] ?? ""));
  events.on("test:summary", ({ file, duration_ms: ms }) => {
    if (file !== undefined) durations.push([ms, relative(root, file)]);
  });
  events.on("test:pass", ({ name, file, skip }) => {
    if (skip === undefined || skip === false) return;
    if (skip === needsRoot || /\broot\b/.test(String(skip))) rooted++;
    skipped.push(
      `${file === undefined ? "" : `${relative(root, file)}: `}${name} (${skip === true ? "no reason given" : skip})`,
    );
  });
  for await (const text of events.compose(new Spec())) process.stdout.write(text);
  return [...failed];
}

const files = testFiles(process.argv.slice(2));
if (files.length === 0) {
  say("there is no test file here");
  process.exit(1);
}
const prepared = process.geteuid?.() === 0 && files.length > 1 ? await prepareForAll() : null;
const isAlone = (file: string): boolean => alone.includes(relative(root, resolve(file)));
const groups = [files.filter(isAlone), files.filter((file) => !isAlone(file))].filter((group) => group.length > 0);
let failed: string[] = [];
for (const group of groups) failed.push(...(await failedOf(group, group.every(isAlone) ? 1 : filesAtOnce)));
if (strict && failed.length > 0 && failed.length <= mostAgain) {
  say(`\nonce more, alone, because the machine may have been too busy:`);
  for (const file of failed) say(`  ${relative(root, file)}`);
  failed = await failedOf(failed, 1);
  if (failed.length === 0) say("what had failed beside other tests has passed alone");
}
prepared?.release();
if (durations.length > slowest) {
  say("\nthe files that took longest:");
  for (const [ms, file] of durations.sort(([a], [b]) => b - a).slice(0, slowest)) {
    say(`${(ms / 1000).toFixed(0).padStart(5)} s  ${file}`);
  }
}
if (failed.length > 0) process.exitCode = 1;

if (strict && skipped.length > 0) {
  say(`\nREQUIRE_ROOT=1 allows no skipped test, but ${skipped.length} of them skipped themselves:`);
  for (const test of skipped) say(`  ${test}`);
  process.exitCode = 1;
} else if (failed.length === 0 && rooted > 0) {
  say(`${rooted} tests need root: sudo npm test`);
}
