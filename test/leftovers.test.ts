import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { made, sweepLeftovers } from "./leftovers.ts";

test("what a killed test left is removed, and nothing of a living one, of others, or of another name", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "leftovers-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { pid } = spawnSync("true");
  const living = basename(made("bare-"));
  const dead = living.replace(/\d+$/, `${pid}`);
  const elsewhere = dead.replace(/-\d+-/, "-1-");
  for (const name of [living, dead, `${dead}-x`, elsewhere, `other-${dead}`, "bare-"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, dead, "file"), "");
  writeFileSync(join(folder, `${dead}-file`), "");
  symlinkSync(elsewhere, join(folder, `${dead}-link`));
  sweepLeftovers([join(folder, "bare-"), join(folder, "missing/bare-")]);
  const kept = [living, elsewhere, `other-${dead}`, "bare-", `${dead}-file`, `${dead}-link`];
  assert.deepEqual(readdirSync(folder).sort(), kept.sort());
});
