import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { CommandError } from "../../agent/cli/exit-status.ts";
import { type Labelled, planTasks } from "../../agent/cli/task-plan.ts";

const slug = /^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$/;
const known = "A1ydaQ5HTrmeXT2N31xXqg";

function documents(...all: { label?: string; dependencies?: unknown }[]): Labelled[] {
  return all.map(({ label, dependencies }, index) => ({
    n: index + 1,
    line: 10 * index + 1,
    label: label ?? null,
    definition: { payload: {}, ...(dependencies === undefined ? {} : { dependencies }) },
  }));
}

function refused(labelled: Labelled[], message: RegExp, strangers = false): void {
  assert.throws(
    () => planTasks(labelled, "t.yml", strangers),
    (error: unknown) => error instanceof CommandError && error.status === 64 && message.test(error.message),
  );
}

suite("a plan", () => {
  test("gives every document a task id of its own", () => {
    const ids = planTasks(documents({}, {}, { label: "x" }), "t.yml", false).map(({ taskId }) => taskId);
    assert.equal(new Set(ids).size, 3);
    for (const id of ids) assert.match(id, slug);
  });

  test("keeps a taskId that is a task id already", () => {
    assert.equal(planTasks(documents({ label: known }), "t.yml", false)[0]?.taskId, known);
  });

  test("puts dependencies before what needs them and replaces labels by ids", () => {
    const plan = planTasks(
      documents({ dependencies: ["build", "lint"] }, { label: "build", dependencies: ["lint"] }, { label: "lint" }),
      "t.yml",
      false,
    );
    assert.deepEqual(
      plan.map(({ n }) => n),
      [3, 2, 1],
    );
    const [lint, build, top] = plan;
    assert.deepEqual(top?.definition["dependencies"], [build?.taskId, lint?.taskId]);
    assert.deepEqual(top?.needs, [build?.taskId, lint?.taskId]);
  });

  test("refuses a circle and names the tasks in it", () => {
    refused(
      documents({}, { label: "a", dependencies: ["b"] }, { label: "b", dependencies: ["a"] }),
      /tasks 2, 3 form a circle/,
    );
    refused(documents({ label: "a", dependencies: ["a"] }), /tasks 1 form a circle/);
  });

  test("refuses a dependency that no document has, with the line", () => {
    refused(documents({}, { dependencies: ["nobody"] }), /^t\.yml:11: task 2 depends on "nobody"/);
    refused(documents({ dependencies: "a" }), /is a list/);
    refused(documents({ dependencies: [7] }), /depends on "7"/);
  });

  test("allows task ids from elsewhere only where there is a queue that may know them", () => {
    refused(documents({ dependencies: [known] }), /depends on/);
    const [task] = planTasks(documents({ dependencies: [known] }), "t.yml", true);
    assert.deepEqual(task?.definition["dependencies"], [known]);
    assert.deepEqual(task?.needs, []);
  });
});
