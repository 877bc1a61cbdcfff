import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { parseEntry } from "../../agent/audit/entry.ts";
import { asJson, readable } from "../../agent/audit/show.ts";
import { UserFilter } from "../../agent/audit/user-filter.ts";
import { type Step, writeLog } from "./written-log.ts";

const entryOf = (more: object) => {
  const entry = parseEntry(Buffer.from(JSON.stringify({ time: 0, prev: "0".repeat(64), action: "kill", ...more })));
  assert.ok(entry);
  return entry;
};

suite("An entry", () => {
  test("is one line with its time, its action and its details", () => {
    assert.equal(readable(entryOf({ uid: 5501 })), "1970-01-01T00:00:00.000Z kill               uid=5501\n");
    const dscl = entryOf({
      action: "dscl",
      argv: [".", "-create", "/Users/tcw-aaaaaaaa", "RealName", "Taskcluster task"],
    });
    assert.match(readable(dscl), / dscl +argv=\. -create \/Users\/tcw-aaaaaaaa RealName "Taskcluster task"\n$/);
  });

  test("behind a gap has a line before it that says what is missing", () => {
    const [gap = "", line = ""] = readable(entryOf({ lost: 3 })).split("\n");
    assert.match(gap, /gap: 3 entries before the next one could not be written$/);
    assert.match(line, / kill$/);
  });

  test("never steers a terminal", () => {
    const nasty = "\u001b[2J\u009b\u202e\n";
    const entry = entryOf({ action: nasty, [nasty]: nasty, list: [nasty], time: 1e300 });
    assert.match(readable(entry), /^[\x20-\x7e]+\n$/);
    assert.match(asJson(entry), /^[\x20-\x7e]+\n$/);
  });

  test("is printed as JSON as it was written", (t) => {
    const { file } = writeLog(t);
    const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
    for (const line of lines) {
      const entry = parseEntry(Buffer.from(line));
      assert.equal(entry && asJson(entry), `${line}\n`);
    }
  });

  test("is no entry without its time, action and hash", () => {
    for (const line of [
      "",
      "{}",
      "null",
      "[]",
      '"x"',
      '{"time":1,"action":"x"}',
      '{"time":1,"action":"x","prev":"0"}',
    ]) {
      assert.equal(parseEntry(Buffer.from(line)), undefined, line);
    }
  });
});

suite("The entries of one task user", () => {
  /** Two users with one uid, one after the other, and another one beside them. */
  const life = (name: string, uid: number): Step[] => [
    ["dscl", { argv: [".", "-create", `/Groups/${name}`] }],
    ["dscl", { argv: [".", "-create", `/Groups/${name}`, "PrimaryGroupID", `${uid}`] }],
    ["dscl", { argv: [".", "-create", `/Users/${name}`, "IsHidden", "1"] }],
    ["spawn", { user: name, uid }],
    ["exited", { user: name, code: 0, signal: null }],
    ["kill", { uid }],
    ["dscl", { argv: [".", "-delete", `/Users/${name}`] }],
    ["ended", { user: name, uid, state: "gone" }],
  ];
  const [first, beside, second] = [life("tcw-aaaaaaaa", 5501), life("tcw-bbbbbbbb", 5502), life("tcw-cccccccc", 5501)];
  const mixed = first.flatMap((step, at) => [step, beside[at] ?? step]);
  const all = [...mixed, ...second].map(([action, detail]) => entryOf({ action, ...detail }));

  function shown(id: string): number[] {
    const filter = new UserFilter(id);
    return all.map((entry, at) => (filter.matches(entry) ? at : -1)).filter((at) => at >= 0);
  }

  test("are found by its name, with those that give only its uid", () => {
    assert.deepEqual(shown("tcw-aaaaaaaa"), [0, 2, 4, 6, 8, 10, 12, 14]);
    assert.deepEqual(shown("tcw-bbbbbbbb"), [1, 3, 5, 7, 9, 11, 13, 15]);
  });

  test("end with it, although its uid is used again", () => {
    assert.deepEqual(shown("tcw-cccccccc"), [16, 17, 18, 19, 20, 21, 22, 23]);
  });

  test("are found by a uid for every user that has it, from where it is first named", () => {
    assert.deepEqual(shown("5501"), [2, 4, 6, 8, 10, 12, 14, 17, 18, 19, 20, 21, 22, 23]);
  });

  test("are none for somebody unknown", () => {
    assert.deepEqual(shown("tcw-zzzzzzzz"), []);
  });
});
