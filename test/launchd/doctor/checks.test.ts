import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checks } from "../../../launchd/doctor/checks.ts";
import { subjectOf } from "../../../launchd/doctor/command.ts";
import { examine } from "../../../launchd/doctor/examine.ts";
import { type Finding, fixOf } from "../../../launchd/doctor/finding.ts";
import { brokenMachines } from "./broken-machines.ts";
import { headless, healthy, launcher, layout } from "./healthy.ts";
import { type MachineData, type Patch, patched, StandIn } from "./stand-in.ts";

/** What one check, or each of them, finds on a machine. */
async function findings(data: MachineData, only?: string): Promise<ReadonlyMap<string, Finding>> {
  const wanted = checks.filter(({ id }) => only === undefined || id === only);
  const subject = await subjectOf(new StandIn(data), layout, launcher);
  const examined = await examine(wanted, subject);
  return new Map(examined.map(({ check, finding }) => [check.id, finding]));
}

async function findingOf(id: string, patch: Patch, base = healthy): Promise<Finding> {
  const found = (await findings(patched(base, patch), id)).get(id);
  assert.ok(found, `there is a check ${id}`);
  return found;
}

suite("doctor", () => {
  test("passes every check on a Mac that is as it should be", async () => {
    const wrong = [...(await findings(healthy))].filter(([, { result }]) => result !== "pass");
    assert.deepEqual(wrong, []);
  });

  test("asks nothing about the screen where the agent needs none, and passes all else", async () => {
    const found = [...(await findings(headless))].filter(([, { result }]) => result !== "pass");
    assert.deepEqual(
      found.map(([id, { result }]) => [id, result]),
      ["session", "auto-login", "screen-lock"].map((id) => [id, "not-here"]),
    );
  });

  for (const { broken, patch, finds, result, what, fix } of brokenMachines) {
    test(`finds that ${broken}`, async () => {
      const finding = await findingOf(finds, patch);
      assert.equal(finding.result, result, finding.what);
      assert.match(finding.what, what);
      assert.deepEqual(fixOf(finding), fix);
    });
  }

  /** Results that a check never has, and why. */
  const never: Readonly<Record<"warn" | "fail", readonly string[]>> = {
    // Root's files can be changed by others or not, a service answers or not: there is nothing in between.
    warn: [
      ...["ownership", "worker-config", "signing-keys", "release", "plists", "socket", "session"],
      ...["queue", "scopes", "worker-manager"],
    ],
    // The worker runs, until somebody has to type a password.
    fail: ["auto-login", "screen-lock"],
  };

  for (const result of ["warn", "fail"] as const) {
    test(`has a machine on which a check says ${result}, for each that can`, () => {
      const had = brokenMachines.filter((machine) => machine.result === result).map(({ finds }) => finds);
      const can = checks.map(({ id }) => id).filter((id) => !never[result].includes(id));
      assert.deepEqual([...new Set(had)].sort(), can.sort());
    });
  }
});
