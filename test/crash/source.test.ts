import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, join } from "node:path";
import { test } from "node:test";
import { filesBelow, root } from "../imports.ts";
import type { Point } from "./instrument.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const shipped = [...filesBelow("helper"), ...filesBelow("shared/protocol"), "helper/sweep.sh", "helper/become-user.sh"];

/** The source without types, comments and strings, as the regular expressions below read it. */
function bare(file: string): string {
  const code = stripTypeScriptTypes(read(file)).replace(/\/\*[\s\S]*?\*\//g, "");
  return code.replace(/"[^"\n]*"/g, '""').replace(/\/\/.*$/gm, "");
}

/** Points by the parser, which wants a flag of Node's that the test runner does not have. */
function pointsOf(file: string): Point[] {
  const instrument = JSON.stringify(join(import.meta.dirname, "instrument.ts"));
  const script = `
    import { readFileSync } from "node:fs";
    import { stripTypeScriptTypes } from "node:module";
    import { pointsOf } from ${instrument};
    const code = stripTypeScriptTypes(readFileSync(process.argv[1], "utf8"));
    console.log(JSON.stringify(pointsOf("${basename(file)}", code)));`;
  const argv = ["--no-warnings", "--expose-internals", "--input-type=module", "-e", script, join(root, file)];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test("no source that runs as root knows of fault points: no function, variable, flag or setting", () => {
  for (const file of shipped) assert.doesNotMatch(read(file), /\bfault|crash_plan|\binject|__before|__after/i, file);
});

test("every await of the helper and every step that changes the system is a fault point", () => {
  for (const file of ["life", "records", "directories", "lock", "journal", "spawn", "main"].map(
    (n) => `helper/${n}.ts`,
  )) {
    const points = pointsOf(file);
    const awaits = bare(file).match(/\bawait\b/g)?.length ?? 0;
    assert.equal(points.filter(({ step }) => step.startsWith("await-")).length, awaits, `awaits of ${file}`);
    const steps = bare(file).match(/\b(mkdir|lchown|chmod|rmdir|rename|open|writeFile|write|link|unlink)Sync\(/g) ?? [];
    assert.equal(points.filter(({ step }) => step.endsWith("Sync")).length, steps.length, `steps of ${file}`);
    assert.equal(new Set(points.map(({ name }) => name)).size, points.length, `names in ${file}`);
  }
});

test("a fault point is named by its function and its place in it", () => {
  const first = pointsOf("helper/life.ts").filter(({ name }) => name.startsWith("life.ts#endUser#"));
  assert.deepEqual(
    first.map(({ name, step }) => `${name} ${step}`),
    [
      "life.ts#endUser#1 await-killProcesses",
      "life.ts#endUser#2 await-sweep",
      "life.ts#endUser#3 await-killProcesses",
      "life.ts#endUser#4 await-removeRecords",
    ],
  );
});
