import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { CommandError } from "../../agent/cli/exit-status.ts";
import { parseTaskFile } from "../../agent/cli/task-file.ts";

function refused(text: string, message: RegExp): void {
  assert.throws(
    () => parseTaskFile(text, "t.yml"),
    (error: unknown) => {
      assert.ok(error instanceof CommandError, String(error));
      assert.equal(error.status, 64);
      assert.match(error.message, message);
      return true;
    },
  );
}

suite("a task file", () => {
  test("is one task for each YAML document, in order", () => {
    const tasks = parseTaskFile("payload: {command: [a]}\n---\ntaskId: two\npayload: {command: [b]}\n", "t.yml");
    assert.deepEqual(
      tasks.map(({ n, line, label, definition }) => ({ n, line, label, definition })),
      [
        { n: 1, line: 1, label: null, definition: { payload: { command: ["a"] } } },
        { n: 2, line: 3, label: "two", definition: { payload: { command: ["b"] } } },
      ],
    );
  });

  test("can be JSON", () => {
    assert.deepEqual(parseTaskFile('{"payload": {"maxRunTime": 5}}', "t.json")[0]?.definition, {
      payload: { maxRunTime: 5 },
    });
  });

  test("may begin and end with empty documents", () => {
    assert.equal(parseTaskFile("---\n# nothing\n---\npayload: {}\n---\n", "t.yml").length, 1);
  });

  test("keeps dates as the text they are", () => {
    const [task] = parseTaskFile("created: 2026-01-01T00:00:00Z\npayload: {}\n", "t.yml");
    assert.equal(task?.definition["created"], "2026-01-01T00:00:00Z");
  });

  test("must hold a task", () => {
    refused("", /t\.yml holds no task/);
    refused("# only a comment\n", /holds no task/);
  });

  test("is refused with the line of a syntax error", () => {
    refused("payload: {}\n---\npayload:\n  - a\n b: [\n", /^t\.yml:[56]: /);
  });

  test("is refused with the line of a key that is written twice", () => {
    refused("payload:\n  a: 1\n  b: 2\n  a: 3\n", /^t\.yml:4: a key is written twice/);
  });

  test("is refused when a document is no mapping", () => {
    refused("payload: {}\n---\n- a\n", /^t\.yml:3: a task is a mapping/);
    refused("just text\n", /^t\.yml:1: a task is a mapping/);
  });

  test("is refused without a payload that is a mapping", () => {
    refused("metadata: {}\n", /^t\.yml:1: a task needs a "payload:"/);
    refused("\nmetadata: {}\npayload: [a]\n", /^t\.yml:3: a task needs a "payload:"/);
  });

  test("is refused for an unknown key, with its line and the key that was meant", () => {
    refused("payload: {}\ndeadlin: x\n", /^t\.yml:2: "deadlin" is no key .*did you mean "deadline"/);
  });

  test("says where a key of the payload belongs", () => {
    refused("command: [a]\nmaxRunTime: 5\n", /^t\.yml:1: "command" is no key .*below "payload:"/);
  });

  test("is refused for a label that is none, or that two documents have", () => {
    refused("taskId: a b\npayload: {}\n", /^t\.yml:1: a "taskId:" is/);
    refused("taskId: a\npayload: {}\n---\ntaskId: a\npayload: {}\n", /^t\.yml:4: two documents have the taskId "a"/);
  });

  test("cannot make much of little with aliases", () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`);
    refused(`extra:\n  a0: &a0 [x]\n  ${levels.join("\n  ")}\npayload: {}\n`, /^t\.yml:1: .*alias/i);
  });

  test("is refused when it is no text", () => {
    refused("payload: {}\0", /no text file/);
  });
});
