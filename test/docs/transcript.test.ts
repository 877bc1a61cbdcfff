import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { sectionOf, textOf } from "./pages.ts";
import { castFile, endOf, linesOf, normalised, record } from "./transcript.ts";

const written = linesOf(textOf(castFile));

/**
 * By task, sorted: tasks that run at once mix their lines, and small artifacts come in any order. Without the memory, which a
 * task that is over before the first look at it has none of.
 */
function byTask(lines: readonly string[]): Readonly<Record<string, string[]>> {
  const told = lines.filter((text) => !/\bMemory\b.*: /.test(text));
  const taskOf = (text: string): string => /^(?:task )?(\d)[|:]/.exec(text)?.[1] ?? "none";
  return Object.fromEntries(
    [...new Set(told.map(taskOf))].sort().map((task) => [task, told.filter((text) => taskOf(text) === task).sort()]),
  );
}

test("the README shows the end of the recorded first run, and leaves out only what the worker itself says", () => {
  const [, block = ""] =
    /```\n(.*?)\n```/s.exec(textOf("README.md").split("<!-- generated:transcript -->")[1] ?? "") ?? [];
  assert.deepEqual(block.split("\n"), endOf(written));
  assert.ok(textOf("README.md").trimEnd().split("\n").length <= 150);
});

test("the recorded first run is one that can be played, and holds nothing of the machine it was made on", () => {
  const [header = "", ...events] = textOf(castFile).trimEnd().split("\n");
  assert.equal(JSON.parse(header).version, 2);
  const times = events.map((event) => {
    const [at, kind, text]: [unknown, unknown, unknown] = JSON.parse(event);
    assert.ok(typeof at === "number" && kind === "o" && typeof text === "string");
    return at;
  });
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  );
  assert.deepEqual(normalised(written), written);
});

suite("A first run", { skip: needsRoot }, () => {
  test("says today what the recorded one says", {
    skip: process.platform !== "linux" && "it was recorded on Linux",
  }, async () => {
    const lines = await record();
    assert.deepEqual(byTask(normalised(lines.map(({ text }) => text))), byTask(written));
  });
});

test("the first run is what the README calls its first command", () => {
  assert.ok(sectionOf(textOf("README.md"), "## Two commands").includes(castFile));
  const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(textOf("package.json"));
  assert.ok(scripts["start"]?.endsWith((written[0] ?? "").replace("$ sudo ", "")));
});
