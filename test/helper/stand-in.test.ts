import assert from "node:assert/strict";
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { needsRoot } from "../root.ts";
import { copyStandIn } from "./stand-in.ts";

test("the stand-in of a checkout that is somebody else's is root's when a helper gets it", { skip: needsRoot }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "stand-in-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const own = join(folder, "dscl-of-somebody");
  writeFileSync(own, "#!/bin/sh\n");
  chownSync(own, 1001, 1001);
  const { uid, gid, mode } = statSync(copyStandIn(join(folder, "dscl"), own));
  assert.deepEqual([uid, gid, mode & 0o777], [0, 0, 0o755]);
});
