import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { logRoot } from "../../helper/places.ts";
import { needsRoot } from "../root.ts";
import { useHelper } from "./fixture.ts";
import { within } from "./wait.ts";

const accountLine = (): string | undefined =>
  readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith("_tcworker:"));

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
