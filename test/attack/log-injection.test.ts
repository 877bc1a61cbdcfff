/** What an agent, a task or dscl says must not be able to forge or hide a line of root's logs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Audit } from "../../helper/audit.ts";
import { messageOf } from "../../helper/refusal.ts";
import { useHelper } from "../helper/fixture.ts";
import { within } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";

const hostile = '\n{"action":"MARK"}\r\u001b[2J\u0085\u009b1A\u202eKRAM\u2066\u200f\ufeff\u2028\u0000\u007f" \\ MARK';

suite("A log of root", { skip: needsRoot }, () => {
  const fixture = useHelper();

  test("holds nothing of what an agent sends: neither argv, environment, directory nor type", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const text = hostile.replaceAll("\0", "");
    const logged = fixture.helper.log().length;
    const audited = readFileSync(`${fixture.helper.places.logs}/audit.log`).length;
    await client.run(user.user, ["/bin/echo", text], { env: { MARK: text } });
    await client.run(user.user, [text], { env: { MARK: text }, cwd: `/${text}` });
    client.frame(text, { id: 90, [text]: text });
    assert.equal((await within(client.ended, "the end"))?.code, "message-invalid");
    await fixture.helper.idle();
    const audit = readFileSync(`${fixture.helper.places.logs}/audit.log`).subarray(audited).toString("latin1");
    const written = audit + fixture.helper.log().slice(logged);
    assert.doesNotMatch(written, /MARK|KRAM/);
    assert.match(written, /^[\x20-\x7e\n]+$/);
    assert.match(audit, /"action":"protocol-error"/);
  });
});

suite("A line of the audit log", () => {
  test("is one line of visible characters that says what was to be said, whatever that was", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "audit-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const audit = new Audit(join(folder, "audit.log"));
    assert.ok(audit.note("end-failed", { error: hostile, argv: [hostile] }));
    const [line = "", ...rest] = readFileSync(join(folder, "audit.log"), "utf8").split("\n");
    assert.deepEqual(rest, [""]);
    assert.match(line, /^[\x20-\x7e]+$/);
    assert.deepEqual(JSON.parse(line).error, hostile);
    assert.equal(audit.head, createHash("sha256").update(line).digest("hex"));
  });

  test("has an end, and the chain goes on behind it", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "audit-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const audit = new Audit(join(folder, "audit.log"));
    audit.note("end-failed", { error: hostile.repeat(10_000) });
    const { head } = audit;
    audit.note("next", {});
    const [long = "", next = ""] = readFileSync(join(folder, "audit.log"), "utf8").split("\n");
    assert.ok(long.length <= 16_384, `${long.length}`);
    assert.equal(JSON.parse(next).prev, head);
  });

  test("of an error is printable and short", () => {
    assert.match(messageOf(new Error(hostile.repeat(100))), /^[\x20-\x7e]{1,500}$/);
  });
});
