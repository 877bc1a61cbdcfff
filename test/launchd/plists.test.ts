import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { type PlistValue, parse } from "plist";
import { helperJob } from "../../launchd/jobs.ts";
import { agentLabel, helperLabel, renderAgentPlist, renderHelperPlist, uidGuard } from "../../launchd/plists.ts";
import { agentOptions, agentPlist, flags, folder, helperPlist } from "./examples.ts";

const run = promisify(execFile);
const xmllint = ["/usr/bin/xmllint", "/opt/homebrew/bin/xmllint"].find((path) => existsSync(path));

const headless = renderAgentPlist({ ...agentOptions, runAs: { session: "system", user: "_tcworker" } });

function dictionary(text: string): Record<string, PlistValue> {
  const value = parse(text);
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value));
  return Object.fromEntries(Object.entries(value));
}

suite("the helper's plist", () => {
  const job = dictionary(helperPlist);

  test("starts node with every flag of the helper's list, then the helper's main file", () => {
    const { node, main } = helperJob([]);
    assert.deepEqual(job["ProgramArguments"], [node, ...flags, ...main]);
    assert.equal(job["Label"], helperLabel);
  });

  test("sets no variable", () => {
    assert.ok(!("EnvironmentVariables" in job));
    assert.doesNotMatch(helperPlist, /NODE_|DYLD_/);
  });

  test("keeps the helper alive and lets nobody but root read what it makes", () => {
    assert.equal(job["KeepAlive"], true);
    assert.equal(job["Umask"], 0o077);
    assert.equal(job["WorkingDirectory"], "/");
  });

  test("is the file that is checked in", async () => {
    assert.equal(await readFile(join(folder, `${helperLabel}.plist`), "utf8"), helperPlist);
  });
});

suite("the agent's plist", () => {
  const job = dictionary(agentPlist);

  test("is loaded in graphical logins only and stays ended after a quiet end", () => {
    assert.equal(job["Label"], agentLabel);
    assert.equal(job["LimitLoadToSessionType"], "Aqua");
    assert.deepEqual(job["KeepAlive"], { SuccessfulExit: false });
  });

  test("gives the guard the uid, the log and the command as arguments, never as shell text", () => {
    const { node, flags: own, main, log } = agentOptions;
    assert.deepEqual(job["ProgramArguments"], [
      "/bin/sh",
      "-c",
      uidGuard,
      agentLabel,
      "501",
      log,
      node,
      ...own,
      ...main,
    ]);
  });

  test("waits for the longest task when it is stopped", () => {
    const exitTimeOut = job["ExitTimeOut"];
    assert.ok(typeof exitTimeOut === "number" && exitTimeOut > agentOptions.maxRunTimeSeconds);
  });

  test("lets launchd open no file, because it would do so in every login", () => {
    assert.ok(!("StandardOutPath" in job) && !("StandardErrorPath" in job) && !("EnvironmentVariables" in job));
  });

  test("is refused for an account of the system", () => {
    assert.throws(() => renderAgentPlist({ ...agentOptions, runAs: { session: "aqua", uid: 0 } }), /ordinary/);
  });

  test("without a screen is a system job of its own account and needs no guard", () => {
    const system = dictionary(headless);
    assert.equal(system["UserName"], "_tcworker");
    assert.equal(system["InitGroups"], false);
    assert.ok(!("LimitLoadToSessionType" in system));
    assert.ok(Array.isArray(system["ProgramArguments"]) && system["ProgramArguments"][0] === agentOptions.node);
  });

  test("is the file that is checked in", async () => {
    assert.equal(await readFile(join(folder, `${agentLabel}.plist`), "utf8"), agentPlist);
  });
});

suite("every plist", () => {
  test("carries any printable text through XML unchanged", () => {
    const log = `/Users/a & b/<"it's">]]>/log\r\n\u{1f98a}`;
    const job = dictionary(renderHelperPlist({ ...helperJob([]), log }));
    assert.equal(job["StandardOutPath"], log);
  });

  test("refuses a control character, which XML cannot carry", () => {
    assert.throws(() => renderHelperPlist({ ...helperJob([]), log: "/tmp/\u0007" }), /control characters/);
    assert.throws(() => renderHelperPlist({ ...helperJob([]), log: "/tmp/\ud800" }), /control characters/);
  });

  test("is well-formed for xmllint", { skip: xmllint ? false : "needs xmllint (Debian package libxml2-utils)" }, () => {
    for (const input of [helperPlist, agentPlist, headless]) {
      execFileSync(xmllint ?? "", ["--noout", "--nonet", "-"], { input });
    }
  });
});

suite("the uid guard", () => {
  let uid = "";
  let directory = "";
  let log = "";
  before(async () => {
    uid = (await run("/usr/bin/id", ["-u"])).stdout.trim();
    directory = await mkdtemp(join(tmpdir(), "guard-"));
    log = join(directory, "agent.log");
  });
  after(() => rm(directory, { recursive: true }));
  const guard = (asked: string, ...command: string[]) =>
    run("/bin/sh", ["-c", uidGuard, agentLabel, asked, log, ...command]);

  test("ends quietly, without starting anything or touching the log, for another uid", async () => {
    assert.deepEqual(await guard(String(Number(uid) + 1), "/bin/sh", "-c", "exit 9"), { stdout: "", stderr: "" });
    await assert.rejects(stat(log), { code: "ENOENT" });
  });

  test("ends quietly for a uid of which its own is only a part", async () => {
    assert.deepEqual(await guard(`${uid}1`, "/bin/sh", "-c", "exit 9"), { stdout: "", stderr: "" });
  });

  test("becomes the command for its own uid, with its status, and writes the log", async () => {
    await assert.rejects(guard(uid, "/bin/sh", "-c", 'echo "$@" >&2; exit 9', "name", "two words"), { code: 9 });
    assert.equal(await readFile(log, "utf8"), "two words\n");
  });
});
