import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Journal } from "../../helper/journal.ts";

const line = (uid: number, state: string): string =>
  `${JSON.stringify({ id: "0".repeat(32), name: "tcw-aaaaaaaa", uid, guid: "", groupGuid: "", state })}\n`;

for (const [what, ...lines] of [
  [
    "planned last, and an earlier one is still planned",
    line(5000, "planned"),
    line(5007, "planned"),
    line(5007, "ready"),
  ],
  ["planned again", line(5007, "planned"), line(5000, "planned"), line(5007, "planned")],
  ["gone", line(5000, "planned"), line(5007, "planned"), line(5007, "gone")],
] as const) {
  test(`a journal that is written anew still knows whose uid was given last, when that user is ${what}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), "journal-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "journal");
    writeFileSync(file, lines.join(""));
    const journal = new Journal(file, [5000, 5009]);
    const earlier = journal.users.get(5000);
    assert.ok(earlier);
    journal.move(earlier, "creating"); // The first step begins a new file.
    const users = [...journal.users.values()];
    const again = new Journal(file, [5000, 5009]);
    assert.equal(again.newest?.uid, 5007, readFileSync(file, "utf8"));
    assert.deepEqual([...again.users.values()], users);
  });
}
