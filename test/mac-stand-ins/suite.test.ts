import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { stateRoot } from "../../helper/places.ts";
import { StandIn } from "../dscl/stand-in.ts";
import { pidsOf } from "../helper/machine.ts";
import { sourceFiles } from "../imports.ts";
import { claims } from "../mac/claims.ts";
import { Ledger, type Made } from "../mac/ledger.ts";
import { type Machine, mac } from "../mac/machine.ts";
import { marks } from "../mac/probe.ts";
import { probes } from "../mac/probes.ts";
import { isGood, type Report, readable } from "../mac/report.ts";
import { judge, type Verdict } from "../mac/suite.ts";
import { needsRoot } from "../root.ts";
import { probes as odd } from "./odd-probes.ts";

const checkout = join(import.meta.dirname, "../..");
const main = (...argv: string[]) =>
  spawnSync(process.execPath, [join(checkout, "test/mac/main.ts"), ...argv], { encoding: "utf8" });

/** Files with something for macOS alone, and why no Mac need be asked about it. */
const notAsked: Readonly<Record<string, string>> = {
  "agent/cli/audit.ts": "looks up names of directories",
  "agent/cli/places.ts": "names of directories",
  "agent/cli/run-task.ts": "looks up names of directories",
  "agent/cli/runner-session.ts": "says the platform to start-worker",
  "agent/cli/status.ts": "looks up names of directories",
  "agent/cli/work-config.ts": "looks up names of directories",
  "agent/cli/work.ts": "looks up names of directories",
  "agent/cli/workers-of-account.ts": "looks up names of directories",
  "helper/config.ts": "a default and a path",
  "helper/slice.ts": "leaves the stand-in away",
  "helper/stage.ts": "leaves the stand-in away",
};

suite("The questions to a Mac", () => {
  test("are numbered from 1 without a gap, in the order in which they are asked", () => {
    assert.deepEqual(
      probes.map(({ number }) => number),
      probes.map((_, index) => index + 1),
    );
  });

  test("are each another one, with a claim that is a sentence, a way to ask it and an answer", () => {
    assert.equal(new Set(probes.map(({ claim }) => claim)).size, probes.length);
    for (const { claim, asked, expected, mark } of probes) {
      assert.match(claim, /^[A-Za-z].* .*\.$/);
      assert.ok(asked !== "" && expected.length > 0 && mark in marks, claim);
    }
  });

  test("name files of ours that exist", () => {
    const files = new Set(probes.flatMap(({ leansOn }) => leansOn));
    assert.deepEqual(
      [...files].filter((file) => !existsSync(join(checkout, file))),
      [],
    );
    for (const { number, leansOn } of probes) assert.ok(leansOn.length > 0, `${number}`);
  });

  test("cover all that is not proven: each claim has its questions, or a reason", () => {
    const numbers = new Set(probes.map(({ number }) => number));
    for (const { claim, asked } of claims) {
      if (typeof asked === "string") assert.match(asked, / /, claim);
      else assert.ok(asked.length > 0 && asked.every((number) => numbers.has(number)), claim);
    }
    const open = claims.filter(({ mark }) => mark.startsWith("Q")).map(({ mark }) => mark);
    assert.deepEqual(
      open,
      Array.from({ length: 12 }, (_, index) => `Q${index + 1}`),
    );
  });

  test("cover every source file in which the platform decides", () => {
    const leant = new Set(probes.flatMap(({ leansOn }) => leansOn));
    const deciding = sourceFiles().filter((file) =>
      /"darwin"|process\.platform/.test(readFileSync(join(checkout, file), "utf8")),
    );
    const alone = deciding.filter((file) => /^(agent|helper)\//.test(file) && !leant.has(file) && !(file in notAsked));
    assert.deepEqual(alone, []);
    assert.ok(deciding.length > 5);
  });
});

suite("The suite where there is no Mac", { skip: process.platform === "darwin" && "this is a Mac" }, () => {
  test("says so in one sentence and ends with 69", () => {
    const { status, stdout, stderr } = main();
    assert.deepEqual([status, stdout], [69, ""]);
    assert.match(stderr, /^[^\n]*run it on a Mac\.\n$/);
  });

  test("lists its questions all the same", () => {
    const { status, stdout } = main("--list");
    assert.equal(status, 0);
    assert.equal(stdout.trimEnd().split("\n").length, probes.length);
  });

  test("knows which questions there are, and ends with 64 for another", () => {
    const { status, stderr } = main("--probe", "9999");
    assert.equal(status, 64);
    assert.match(stderr, /^there is no probe 9999/);
  });
});

test("a ledger takes nothing that the suite has not made itself, nor from its file", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ledger-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "ledger");
  const foreign: Made[] = [
    { kind: "record", path: "/Users" },
    { kind: "record", path: "/Users/." },
    { kind: "record", path: "/Users/root" },
    { kind: "record", path: "/Users/_tcwtest-a/.." },
    { kind: "job", label: "com.apple.WindowServer" },
    { kind: "job", label: "org.taskcluster.worker.helper" },
    { kind: "folder", path: "/" },
    { kind: "folder", path: "/private/../test-mac-abcdef" },
    { kind: "image", device: "/dev/disk0", at: "/Users/tasks" },
    { kind: "helper", pid: 1, started: "now" },
  ];
  for (const made of foreign) {
    assert.throws(() => new Ledger(file).note(made), /nothing that this suite makes/);
    writeFileSync(file, `${JSON.stringify(made)}\n`);
    assert.throws(() => new Ledger(file).all(), /does not write/);
    rmSync(file);
  }
});

suite("The suite with questions that behave in every way", { skip: needsRoot }, () => {
  let standIn: StandIn;
  let folder = "";
  let all: readonly Verdict[] = [];
  const of = (number: number) => all.find(({ probe }) => probe.number === number);
  const jobs = () => readdirSync(join(folder, "jobs"));
  before(async () => {
    standIn = await StandIn.make({ range: "4900-4989" });
    folder = mkdtempSync(join(tmpdir(), "mac-suite-"));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "jobs"));
    const stand = join(import.meta.dirname, "launchctl.ts");
    const node = `exec ${process.execPath} --disable-warning=ExperimentalWarning`;
    writeFileSync(join(folder, "launchctl"), `#!/bin/sh\n${node} ${stand} ${folder}/jobs "$@"\n`, { mode: 0o755 });
    const machine: Machine = { ...mac, dscl: standIn.program, launchctl: join(folder, "launchctl") };
    const list = join(import.meta.dirname, "odd-probes.ts");
    for await (const verdict of judge(odd, { list, file: join(folder, "ledger"), machine, disposable: false }))
      all = [...all, verdict];
  });
  after(async () => {
    await standIn.remove();
    rmSync(folder, { recursive: true });
  });

  test("goes on to the last of them, whatever one does", () => {
    assert.deepEqual(
      all.map(({ verdict }) => verdict),
      ["holds", "differs", "not asked", ...Array.from({ length: 5 }, () => "failed")],
    );
  });

  test("says of each why", () => {
    assert.deepEqual(
      [2, 3, 4, 5, 6].map((number) => of(number)?.seen),
      ["no", "there is nobody", "no answer in 5 s", "exit 1: Error: out of its depth", "exit 3: no word"],
    );
  });

  test("leaves no process of one that hangs or crashes", () => {
    assert.deepEqual(pidsOf("sleep 654321"), []);
  });

  test("removes the records, the job and the folders of one that crashed", async () => {
    assert.deepEqual(of(8)?.left, []);
    assert.equal(of(8)?.seen, "exit 1: Error: left it all");
    assert.deepEqual(await standIn.records("_tcwmac-"), {});
    assert.deepEqual(jobs(), []);
    assert.deepEqual(
      readdirSync(stateRoot).filter((name) => name.startsWith("test-mac-")),
      [],
    );
    assert.ok(!existsSync(join(folder, "ledger")));
  });

  test("calls it good only when nothing differs, fails or stays", () => {
    const [holds] = all;
    assert.ok(holds);
    assert.deepEqual([isGood([holds]), isGood(all)], [true, false]);
    assert.equal(isGood([{ ...holds, left: ["a record"] }]), false);
  });

  test("reports for people: the machine, the counts, what differs first with all that is known of it", () => {
    const about = { system: "macOS 15.5", arch: "arm64", node: "26", version: "1", protection: "on", loggedIn: true };
    const report: Report = { format: 1, written: "2026-01-01T00:00:00.000Z", about, verdicts: all };
    const text = readable(report);
    assert.match(
      text,
      /^Report of a Mac, .*\nmacOS 15\.5, arm64, .*\n.*\n1 holds, 1 differs, 5 failed, 1 not asked\n\n2 {2}differs\n/,
    );
    for (const word of ["claim", "asked", "expected", "seen", "leans on it"])
      assert.match(text, new RegExp(`^ {4}${word} `, "m"));
    assert.deepEqual(JSON.parse(JSON.stringify(report)).verdicts[1].probe.claim, "One differs.");
  });
});
