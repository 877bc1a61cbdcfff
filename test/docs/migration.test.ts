/** docs/migrate-from-generic-worker.md: what it says of each setting is what the worker does with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { refused, withoutEffect } from "../../agent/config/foreign.ts";
import { ConfigError, loadConfig } from "../../agent/config/load.ts";
import { settings } from "../../agent/config/settings.ts";
import { layoutOf } from "../../launchd/layout.ts";
import { agentLabel, helperLabel } from "../../launchd/plists.ts";
import { differently, genericWorkerDefaults, notOfTheMac } from "./generic-worker-settings.ts";
import { fateOf, ownSettings, unlisted } from "./migration-tables.ts";
import { sectionOf, textOf } from "./pages.ts";

const page = textOf("docs/migrate-from-generic-worker.md");
const theirs = [...Object.keys(genericWorkerDefaults), ...notOfTheMac];

/** Settings only this worker has: a new one is either generic-worker's too, and in its list, or it is written down here. */
const known = [
  ...["providerId", "staticSecret", "maxLogBytes", "drainLimitSecs", "dialect", "plugins"],
  ...["pollingInterval", "reclaimOffset", "cancelCheckSecs", "instance"],
];

test("every setting of generic-worker has a row that says what becomes of it", () => {
  const rows = [...sectionOf(page, "## Settings").matchAll(/^\| (\w+) \| [^|]+ \| (the same|no effect|refused) \|/gm)];
  assert.deepEqual(
    rows.map(([, name, fate]) => [name, fate]),
    theirs.map((name) => [name, fateOf(name)]),
  );
});

test("every setting that the worker knows is generic-worker's or is said to be its own", () => {
  assert.deepEqual(ownSettings(), known);
  assert.deepEqual(unlisted(), []);
  assert.deepEqual(
    Object.keys(settings).filter((name) => Object.hasOwn(withoutEffect, name) || Object.hasOwn(refused, name)),
    [],
  );
});

test("only settings that are the same have a remark about what differs", () => {
  for (const name of Object.keys(differently)) assert.equal(fateOf(name), "the same", name);
});

for (const [name, value] of Object.entries(genericWorkerDefaults)) {
  test(`generic-worker's default of ${name} is no error in a file`, () => {
    const notices: string[] = [];
    const file = { name: "config", text: JSON.stringify({ [name]: value }) };
    const config = new Map<string, unknown>(Object.entries(loadConfig({ file, notice: (each) => notices.push(each) })));
    const why = withoutEffect[name]?.why;
    // What is on there by default and cannot be had here is told; other defaults of no effect are not worth a word.
    if (why === undefined) assert.deepEqual([notices, value === null || config.has(name)], [[], true]);
    else assert.ok(notices.every((notice) => notice.includes(why)) && !config.has(name));
    if (why === undefined && value !== null) assert.deepEqual(config.get(name), value);
  });
}

for (const name of notOfTheMac) {
  test(`${name} is refused with the reason in its row`, () => {
    const file = { name: "config", text: JSON.stringify({ [name]: "" }) };
    const isTheReason = (error: unknown): boolean =>
      error instanceof ConfigError && error.message.includes(refused[name] ?? "nowhere");
    assert.throws(() => loadConfig({ file }), isTheReason);
  });
}

test("the commands, jobs and paths that are said to take the place of generic-worker's are there", () => {
  const rows = [...sectionOf(page, "## Command line").matchAll(/^\| `([a-z][a-z-]+)[ `].*? \| `?([a-z-]+)/gm)];
  const named = rows
    .map(([, there = "", here = ""]) => (here === "the" ? there : here))
    .filter((name) => name !== "not");
  assert.ok(named.includes("show-payload-schema") && named.includes("status"));
  for (const name of named) assert.ok(Object.hasOwn(commands, name), name);
  for (const label of [helperLabel, agentLabel]) assert.ok(page.includes(`\`${label}\``), label);
  const { current, workerConfig, logRoot } = layoutOf();
  for (const path of [`${current}/taskcluster-worker`, workerConfig, `${logRoot}/`])
    assert.ok(sectionOf(page, "## Files and places").includes(`\`${path}\``), path);
});

test("the page has at most 150 lines beside its tables", () => {
  assert.ok(page.split("\n").filter((line) => !line.startsWith("|")).length <= 150);
});
