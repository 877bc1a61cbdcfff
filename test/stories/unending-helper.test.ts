import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { prepared, run } from "./prepared.ts";

describe("the starter", { skip: needsRoot }, () => {
  test("repeats the helper's last error when that never comes to a clean end: 70", async () => {
    const { status, said } = await prepared(`grave=/home/.taskcluster-worker-slice-1; mkdir -m 700 $grave
      mount --bind $grave $grave; ${run}`);
    assert.equal(status, 70, said);
    assert.match(said, /the helper does not end; the last error in \/.*\/slice-1\/helper\.log: EBUSY: .*rmdir .*\n$/);
  });
});
