import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fromLine, toLine } from "../../agent/runner/message.ts";

const certificate = '{"version":1,"expiry":1}';

suite("a line of worker-runner", () => {
  test("that is a message is read", () => {
    const welcome = fromLine('~{"type": "welcome", "capabilities": ["log", "new-trick"]}');
    assert.deepEqual(welcome, { type: "welcome", capabilities: ["log", "new-trick"] });
    const gentle = fromLine(' ~{"type": "graceful-termination", "finish-tasks": true} \r');
    assert.deepEqual(gentle, { type: "graceful-termination", finishTasks: true });
    const hasty = fromLine('~{"type": "graceful-termination"}');
    assert.deepEqual(hasty, { type: "graceful-termination", finishTasks: false });
  });

  test("brings credentials, with an empty certificate for permanent ones", () => {
    const line = (more: object) =>
      fromLine(`~${JSON.stringify({ type: "new-credentials", "client-id": "c", "access-token": "t", ...more })}`);
    const permanent = { type: "new-credentials", credentials: { clientId: "c", accessToken: "t" } };
    assert.deepEqual(line({}), permanent);
    assert.deepEqual(line({ certificate: "" }), permanent);
    assert.deepEqual(line({ certificate }), {
      type: "new-credentials",
      credentials: { clientId: "c", accessToken: "t", certificate },
    });
  });

  test("that is no message is plain text", () => {
    assert.deepEqual(fromLine("2026/01/01 hello"), { type: "text", text: "2026/01/01 hello" });
    assert.deepEqual(fromLine("{}"), { type: "text", text: "{}" });
  });

  test("that is half a message is not repeated, for it may hold a secret", () => {
    const lines = [
      '~{"type":"new-credentials","access-token":"hush',
      '~{"type":"new-credentials","access-token":"hush"}',
      '~{"type":"new-credentials","client-id":"c","access-token":"hush","certificate":"hush"}',
      '~{"type":"welcome","capabilities":["log",1]}',
      '~{"type":"dance"}',
      "~[]",
      "~",
    ].map(fromLine);
    for (const line of lines) assert.equal(line.type, "unusable");
    assert.ok(!JSON.stringify(lines).includes("hush"));
  });

  test("of ours begins with a tilde, and is one line whatever is in it", () => {
    assert.equal(
      toLine({ type: "log", body: { textPayload: "a\nb" } }),
      '~{"type":"log","body":{"textPayload":"a\\nb"}}\n',
    );
  });
});
