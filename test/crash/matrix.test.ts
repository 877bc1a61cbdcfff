import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { casesOf, type FaultName, recordLife } from "./all-points.ts";
import { lives } from "./life.ts";
import { Matrix } from "./matrix.ts";
import { runPool } from "./pool.ts";
import { playTrouble, troubles } from "./trouble.ts";

/** Which points this run takes; printed, and taken from CRASH_SEED when a failure is to be seen again. */
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 100_000);
const life = lives[seed % lives.length] ?? "asked";
const count: Readonly<Record<FaultName, number>> = { kill: 4, fill: 1, ENOSPC: 1, EIO: 1 };

suite("A task user's life that is disturbed", { skip: needsRoot }, () => {
  let matrix: Matrix;
  before(async () => {
    matrix = await Matrix.open();
  });
  after(() => matrix?.close());

  test(`at some points, by a seed, ends as one that is not (CRASH_SEED=${seed})`, async (t) => {
    t.diagnostic(`CRASH_SEED=${seed}: life ${life}`);
    const passed = await recordLife(matrix, life);
    for (const fault of ["kill", "ENOSPC", "EIO", "fill"] as const) {
      const all = casesOf(matrix, passed, fault, { pattern: /(?:)/, allPassings: false, shard: 1, shards: 1 });
      const every = Math.ceil(all.length / count[fault]);
      for (const each of all.filter((_, index) => index % every === seed % every)) {
        await t.test(`${fault} at ${each.at} ×${each.passing}`, async () => {
          const play = () => matrix.play(each);
          const outcome = fault === "fill" ? await matrix.onSmallDisks(play) : await play();
          const differs = fault === "kill" ? matrix.differences(outcome.state) : [];
          if (outcome.state.accounts.length + outcome.state.graves.length > 0) await matrix.forget();
          assert.deepEqual([...outcome.wrong, ...differs], []);
        });
      }
    }
  });

  for (const name of ["ps says nothing, and that all is well", "delete of groups is lied about"]) {
    test(`ends honestly when ${name}`, async () => {
      const trouble = troubles.find((each) => each.name === name);
      assert.ok(trouble);
      assert.deepEqual((await playTrouble(matrix, trouble)).wrong, []);
    });
  }
});

test("24 tasks with accounts that cannot be deleted use few of them, again and again, and none that is not proven clean", {
  skip: needsRoot,
}, async (t) => {
  const uids = 9;
  const report = await runPool(24, () => {}, uids);
  t.diagnostic(JSON.stringify(report));
  assert.deepEqual([report.tasks, report.quarantined], [24, 3]);
  assert.ok(report.mostRecords <= uids && report.reused >= 24 - uids);
});
