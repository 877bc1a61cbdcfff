import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { percent, rangesOf, reportOf, table } from "./report.ts";
import { Seen } from "./seen.ts";

const source = `/** Words of a comment
 * are not code. */
export type Shape = { kind: "round" } | { kind: "flat" };
export function nameOf(shape: Shape, loud: boolean): string {
  // Nor are these.
  if (shape.kind === "round") {
    return loud ? "ROUND" : "round";
  }
  return "flat";
}
export const never = (): number => {
  const answer = 42;
  return answer;
};
`;

interface Fixture {
  nameOf(shape: { kind: string }, loud: boolean): string;
}

/** The fixture, loaded while V8 counts, and what it has counted since the time before. */
async function counted(t: TestContext): Promise<{ fixture: Fixture; take: () => Profiler.FunctionCoverage[] }> {
  const folder = mkdtempSync(join(tmpdir(), "coverage-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "shape.mts"), source);
  const url = pathToFileURL(join(folder, "shape.mts")).href;
  const session = new Session();
  session.connect();
  t.after(() => session.disconnect());
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const fixture: Fixture = await import(url);
  const take = (): Profiler.FunctionCoverage[] => {
    let functions: Profiler.FunctionCoverage[] = [];
    session.post("Profiler.takePreciseCoverage", (_, taken) => {
      functions = taken.result.find((script) => script.url === url)?.functions ?? [];
    });
    return functions;
  };
  return { fixture, take };
}

test("lines of code that did not run are named, and no line of types or comments counts", async (t) => {
  const { fixture, take } = await counted(t);
  fixture.nameOf({ kind: "flat" }, false);
  const seen = new Seen();
  seen.take(take());
  const report = reportOf("shape.ts", source, seen);
  assert.equal(report.lines, 7);
  assert.deepEqual(report.missedLines, [7, 12, 13]);
  assert.deepEqual(
    report.missedBranches.map((each) => each.replace(/:.*/, "")),
    ["6", "11"],
  );
});

test("half a line that did not run is a branch, not a line", async (t) => {
  const { fixture, take } = await counted(t);
  fixture.nameOf({ kind: "round" }, false);
  const seen = new Seen();
  seen.take(take());
  const { missedLines, missedBranches } = reportOf("shape.ts", source, seen);
  assert.deepEqual(missedLines, [9, 12, 13]);
  assert.ok(missedBranches.some((each) => each === '7: ? "ROUND"'));
});

test("what ran before one look and what ran before another are one, and so are two processes", async (t) => {
  const { fixture, take } = await counted(t);
  const [first, second] = [new Seen(), new Seen()];
  fixture.nameOf({ kind: "flat" }, false);
  first.take(take());
  fixture.nameOf({ kind: "round" }, false);
  first.take(take());
  fixture.nameOf({ kind: "round" }, true);
  second.take(take());
  assert.deepEqual(reportOf("shape.ts", source, first).missedLines, [12, 13]);
  const merged = new Seen();
  for (const each of [first, second]) merged.add(JSON.parse(JSON.stringify(each)));
  const { missedLines, missedBranches } = reportOf("shape.ts", source, merged);
  assert.deepEqual(missedLines, [12, 13]);
  assert.equal(missedBranches.length, 1);
});

test("a file that nothing loaded has run nowhere", () => {
  const { lines, missedLines } = reportOf("shape.ts", source, new Seen());
  assert.deepEqual([lines, missedLines.length], [7, 7]);
});

test("the table has a row for each file and one for all, and runs of lines as ranges", () => {
  const report = { file: "a.ts", lines: 8, branches: 4, missedLines: [1, 2, 3, 7], missedBranches: ["1: x"] };
  assert.deepEqual(
    table([report])
      .split("\n")
      .map((line) => line.replace(/ +/g, " ")),
    ["file lines % branches % lines that did not run", "a.ts 8 50.0 4 75.0 1-3, 7", "all 8 50.0 4 75.0"],
  );
  assert.equal(rangesOf([]), "");
});

test("a share is never rounded up to the one that is asked for", () => {
  assert.deepEqual([percent(9999, 10_000), percent(0, 0)], [99.9, 100]);
});
