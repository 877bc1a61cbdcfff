import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { allCases } from "./cases.ts";
import { runCases, type Verdict } from "./suite.ts";

const cases = allCases();

test("every black-box test of generic-worker has a case, once", () => {
  const names = cases.filter(({ peer, restated }) => peer === "generic-worker" && !restated).map(({ name }) => name);
  assert.equal(names.length, 97);
  assert.equal(new Set(names).size, 97);
});

test("no two cases of a peer have one name", () => {
  const names = cases.map(({ peer, name }) => `${peer} ${name}`);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

describe("the peers' cases, asked of one worker", { skip: needsRoot }, () => {
  let verdicts: readonly Verdict[] = [];
  before(async () => {
    verdicts = await runCases(cases);
  });
  for (const [index, { peer, name, status }] of cases.entries()) {
    if (status !== "not applicable") {
      test(`${peer} ${name}: ${status}`, () => assert.deepEqual(verdicts[index]?.wrong, []));
    }
  }
});
