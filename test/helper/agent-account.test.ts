import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { globSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { takeLock } from "../../helper/lock.ts";
import { logRoot, stateRoot } from "../../helper/places.ts";
import { needsRoot } from "../root.ts";
import { useHelper } from "./fixture.ts";
import { eventually, within } from "./wait.ts";

const accountLine = (): string | undefined =>
  readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith("_tcworker:"));

/** Processes that have the lock's file open. */
function lockHolders(): string[] {
  return globSync("/proc/[0-9]*/fd/*").filter((fd) => {
    try {
      return readlinkSync(fd) === `${stateRoot}/private/account.lock`;
    } catch {
      return false; // Closed meanwhile.
    }
  });
}

suite("The agent's account", { skip: needsRoot }, () => {
  const fixture = useHelper();

  /** As a starter does it, from a process of its own. */
  async function account(action: "acquire" | "release"): Promise<void> {
    const { node, code, dsclDir } = fixture.helper;
    const words = [join(code, "helper/agent-account.ts"), action, join(dsclDir, "helper.json")];
    const child = spawn("/bin/bash", ["-c", '"$@"; exit $?', "bash", node, ...words], { cwd: "/", stdio: "ignore" });
    assert.deepEqual((await within(once(child, "exit"), `${action} to end`))[0], 0);
  }

  test("stays while another starter lives", async () => {
    // The test itself is one: the fixture sees to that.
    const before = accountLine();
    await account("release");
    assert.ok(before);
    assert.equal(accountLine(), before);
  });

  test("is made and removed by one program at a time", async (t) => {
    const lock = takeLock(`${stateRoot}/private/account.lock`, 30_000);
    assert.ok(lock);
    t.after(() => lock.isOpen && lock.close());
    let ended = false;
    const acquiring = account("acquire").finally(() => {
      ended = true;
    });
    const isWaiting = (): boolean => lockHolders().length > 1;
    await eventually(() => ended || isWaiting(), "the program waits for the lock");
    assert.ok(!ended);
    lock.close();
    await acquiring;
  });

  test("has one audit log, whose chain holds when several starters work at once", async () => {
    const log = (): string[] => readFileSync(`${logRoot}/agent-account.log`, "utf8").split("\n").filter(Boolean);
    const before = log().length;
    await Promise.all((["acquire", "release", "acquire", "release"] as const).map(account));
    const lines = log().slice(Math.max(0, before - 1));
    for (let at = 1; at < lines.length; at += 1) {
      const hash = createHash("sha256")
        .update(lines[at - 1] ?? "")
        .digest("hex");
      assert.equal(JSON.parse(lines[at] ?? "").prev, hash, `line ${at + 1}`);
    }
  });
});
