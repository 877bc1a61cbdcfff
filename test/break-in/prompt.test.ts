import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { Attacker } from "../../agent/break-in/attacker.ts";
import { AuditTail } from "../../agent/break-in/audit-tail.ts";
import { Prompt } from "../../agent/break-in/prompt.ts";
import { formError, ruleBehind } from "../../agent/break-in/rules.ts";
import { errorCodes } from "../../shared/protocol/errors.ts";

/** A prompt without a helper behind it, if no socket is given. */
function promptOf(t: TestContext, socket = "/no/such/socket"): Prompt {
  const fd = openSync("/dev/null", "r");
  const attacker = new Attacker(socket);
  t.after(() => {
    attacker.close();
    closeSync(fd);
  });
  const sha256 = createHash("sha256").update("the secret").digest("hex");
  return new Prompt(attacker, new AuditTail(fd), { path: "/root/flag", sha256 });
}

suite("The prompt of break-in", () => {
  test("knows the flag from any other text, and remembers that somebody had it", async (t) => {
    const prompt = promptOf(t);
    assert.equal(await prompt.take("flag a guess"), "That is not the flag.");
    assert.equal(prompt.won, false);
    assert.match(`${await prompt.take("flag the secret")}`, /^That is the flag\. You have broken in/);
    assert.equal(prompt.won, true);
  });

  test("says what it does not know, and ends with quit", async (t) => {
    const prompt = promptOf(t);
    assert.match(`${await prompt.take("sudo")}`, /there is no "sudo" here; help lists what there is/);
    assert.equal(await prompt.take("quit"), null);
  });

  test("says how many messages were dropped before somebody had read them", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "prompt-"));
    const path = join(folder, "socket");
    const end = '{"type":"exited","data":{"process":"p"}}\f';
    const server = createServer((socket) => socket.end(end.repeat(1500))).listen(path);
    t.after(() => {
      server.close();
      rmSync(folder, { recursive: true });
    });
    await once(server, "listening");
    const prompt = promptOf(t, path);
    await prompt.take("task u1");
    // What waits for the answer to a request leaves the ends of processes to whoever asks for them.
    const shown = `${await prompt.take("true")}`;
    assert.match(shown, /^500 older messages of the helper that nobody had read were dropped\nclosed: /);
    assert.equal(await prompt.take("agent"), "the agent's prompt");
  });

  test("goes on when the helper is not there", async (t) => {
    assert.match(`${await promptOf(t).take("hello")}`, /^closed: connect ENOENT/);
  });
});

test("every error code of the helper has a rule behind it that names a file", () => {
  for (const code of Object.keys(errorCodes) as (keyof typeof errorCodes)[]) assert.match(ruleBehind(code), /\.ts\b/); // checked: its own keys
});

test("what a schema has against a message is told, and nothing is told of a good one", () => {
  assert.equal(formError("ticket", { id: 1 }), null);
  assert.match(`${formError("ticket", { id: 0 })}`, /^\/id must be >= 1$/);
  assert.equal(formError("toString", {}), "there is no such request");
});
