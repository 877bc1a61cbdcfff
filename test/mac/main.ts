/** `npm run test:mac`: asks this Mac what macOS is like, and writes a report to send back. README.md beside it says more. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { workerVersion } from "../../agent/host.ts";
import { argumentsOf, countOf, endUsage } from "../arguments.ts";
import { prepareForAll } from "../helper/prepared.ts";
import { cleanUp } from "./clean-up.ts";
import { Ledger } from "./ledger.ts";
import { mac } from "./machine.ts";
import { probes } from "./probes.ts";
import { type About, countsOf, isGood, lineOf, readable } from "./report.ts";
import { runProgram } from "./run-program.ts";
import { judge, killRunning, type Verdict } from "./suite.ts";

const [EX_DIFFERS, EX_UNAVAILABLE, EX_NOPERM, EX_INTERRUPTED] = [1, 69, 77, 130];
const usage = `sudo npm run test:mac -- [--output DIR] [--probe NUMBER …] [--disposable] [--list]
  --output   where mac-report.json and mac-report.txt are written; here unless told
  --probe    only this one, or these
  --disposable  the questions that install the worker, and no others: on a Mac that can be thrown away
  --list     the questions, without asking them (on any machine)
Ends with 0 when everything holds, 1 when something differs, fails or stays, 64 for wrong usage, 69 where there is no Mac,
77 without root, 130 when it was interrupted.`;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const { values } = argumentsOf(usage, {
  options: {
    output: { type: "string", default: "." },
    probe: { type: "string", multiple: true, default: [] },
    disposable: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const numbers = values.probe.map((text) => countOf("probe", text));
for (const number of numbers) {
  if (!probes.some((probe) => probe.number === number))
    endUsage(`there is no probe ${number}: --list says which there are`);
}
const { disposable } = values;
const asked = probes.filter(({ number, installs }) =>
  numbers.length > 0 ? numbers.includes(number) : !disposable || installs,
);

if (values.list) {
  for (const { number, mark, claim } of asked) say(`${String(number).padStart(3)}  ${mark}  ${claim}`);
  process.exit(0);
}
if (process.platform !== "darwin") {
  process.stderr.write("This suite asks a Mac what macOS is like, and this is none: run it on a Mac.\n");
  process.exit(EX_UNAVAILABLE);
}
if (process.geteuid?.() !== 0) {
  process.stderr.write("This suite makes accounts and jobs of its own: sudo npm run test:mac\n");
  process.exit(EX_NOPERM);
}

async function firstLine(file: string, ...argv: string[]): Promise<string> {
  const { stdout } = await runProgram(file, argv).catch(() => ({ stdout: "" }));
  return stdout.split("\n")[0] || `${file} says nothing`;
}

async function aboutThisMac(): Promise<About> {
  return {
    system: `macOS ${await firstLine(mac.sw_vers, "-productVersion")} (${await firstLine(mac.sw_vers, "-buildVersion")})`,
    arch: process.arch,
    node: process.versions.node,
    version: workerVersion(),
    protection: await firstLine(mac.csrutil, "status"),
    loggedIn: statSync(mac.console).uid !== 0,
  };
}

const folder = mkdtempSync(join(tmpdir(), "test-mac-"));
chmodSync(folder, 0o700);
const ledger = join(folder, "ledger");
const about = await aboutThisMac();
say(`${about.system}, ${about.arch}; ${asked.length} questions`);
// An installation cannot be taken back beside a session, which is what makes task users ahead.
const prepared = disposable
  ? undefined
  : await prepareForAll().catch((error: unknown) => say(`no task users can be made ahead: ${error}`));

let [interrupted, all] = [false, [] as Verdict[]];
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interrupted = true;
    killRunning();
  });
}
for await (const verdict of judge(asked, {
  list: join(import.meta.dirname, "probes.ts"),
  file: ledger,
  machine: mac,
  disposable,
})) {
  if (interrupted) break;
  all = [...all, verdict];
  say(lineOf(verdict));
  for (const sentence of verdict.left) say(`     left       ${sentence}`);
}
for (const sentence of await cleanUp(new Ledger(ledger).all(), mac)) say(sentence);
if (typeof prepared === "object") prepared.release();
rmSync(folder, { recursive: true });
const report = { format: 1, written: new Date().toISOString(), about, verdicts: all } as const;
const output = resolve(values.output);
mkdirSync(output, { recursive: true });
writeFileSync(join(output, "mac-report.json"), `${JSON.stringify(report, undefined, 2)}\n`);
writeFileSync(join(output, "mac-report.txt"), readable(report));
say(`\n${countsOf(all)}`);
say(
  `Please read ${join(output, "mac-report.txt")} (it may name accounts of this Mac), then send it with mac-report.json.`,
);
process.exitCode = interrupted ? EX_INTERRUPTED : isGood(all) ? 0 : EX_DIFFERS;
