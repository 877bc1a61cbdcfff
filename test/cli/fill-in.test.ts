import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fillIn, queueOf } from "../../agent/cli/fill-in.ts";

const now = new Date("2026-11-23T12:00:00.000Z");

function fill(definition: Readonly<Record<string, unknown>>) {
  const how = { file: "dir/job.yml", now, taskQueueId: "local/macosx", owner: "me@localhost" };
  return fillIn({ n: 2, line: 1, label: null, definition: { payload: {}, ...definition } }, how);
}

suite("what is absent from a task definition", () => {
  test("is filled in, so that a payload is enough", () => {
    assert.deepEqual(fill({}), {
      definition: {
        payload: {},
        provisionerId: "local",
        workerType: "macosx",
        created: "2026-11-23T12:00:00.000Z",
        deadline: "2026-11-24T12:00:00.000Z",
        metadata: {
          name: "job.yml 2",
          description: "Task 2 of job.yml",
          owner: "me@localhost",
          source: "https://localhost/",
        },
      },
      notices: [],
    });
  });

  test("is filled in field by field in the metadata", () => {
    const { metadata } = fill({ metadata: { name: "mine" } }).definition;
    assert.deepEqual(metadata, {
      name: "mine",
      description: "Task 2 of job.yml",
      owner: "me@localhost",
      source: "https://localhost/",
    });
  });

  test("does not replace what is there, even when it is wrong", () => {
    const given = { taskQueueId: "a/b", retries: "many", metadata: 7, scopes: ["x"] };
    const { definition } = fill(given);
    for (const [key, value] of Object.entries(given)) assert.deepEqual(definition[key], value);
    assert.ok(!("provisionerId" in definition));
  });

  test("leaves dates alone that the queue takes", () => {
    const given = { created: "2026-11-23T11:50:00.000Z", deadline: "2026-11-23T13:00:00.000Z" };
    const { definition, notices } = fill(given);
    assert.deepEqual([definition["created"], definition["deadline"]], [given.created, given.deadline]);
    assert.deepEqual(notices, []);
  });

  test("includes today's date: the dates of an old task move together, and a notice says so", () => {
    const { definition, notices } = fill({
      created: "2025-01-01T00:00:00.000Z",
      deadline: "2025-01-01T02:00:00.000Z",
      expires: "2025-01-15T00:00:00.000Z",
    });
    assert.deepEqual(
      [definition["created"], definition["deadline"], definition["expires"]],
      ["2026-11-23T12:00:00.000Z", "2026-11-23T14:00:00.000Z", "2026-12-07T12:00:00.000Z"],
    );
    assert.match(notices.join(), /task 2: its dates/);
  });

  test("gives a passed deadline without a created date a day from now", () => {
    assert.equal(fill({ deadline: "2025-01-01T02:00:00.000Z" }).definition["deadline"], "2026-11-24T12:00:00.000Z");
  });
});

suite("the queue of a definition", () => {
  test("is its taskQueueId, or provisionerId and workerType together", () => {
    assert.equal(queueOf({ taskQueueId: "a/b" }), "a/b");
    assert.equal(queueOf({ provisionerId: "a", workerType: "b" }), "a/b");
    assert.equal(queueOf({ provisionerId: "a" }), null);
  });
});
