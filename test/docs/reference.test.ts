/** The reference pages say what the agent's code says: settings, payloads, commands, outcomes, plugins. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { exitStatus } from "../../agent/cli/exit-status.ts";
import { loadConfig } from "../../agent/config/load.ts";
import { settings } from "../../agent/config/settings.ts";
import { defaultConfig } from "../../agent/config.ts";
import { type CauseKind, decide } from "../../agent/outcome.ts";
import type { WorkerControl } from "../../agent/plugins/plugin.ts";
import { newPlugins } from "../../agent/plugins/plugins.ts";
import { rootSchemas } from "../../shared/protocol/root-schemas.ts";
import { generated, renderPage } from "./generate.ts";
import { filesOf, rowsOf, sectionOf, textOf } from "./pages.ts";

const worker: WorkerControl = { stopGracefully: () => {}, stopNow: () => {} };

const pageOf = (name: string): string => `docs/${name}.md`;
const configuration = textOf("docs/configuration.md");

for (const page of Object.keys(generated)) {
  test(`the generated parts of ${page} are up to date (node test/docs/generate.ts)`, () => {
    assert.equal(textOf(page), renderPage(page));
  });
}

test("every setting is read by the worker, and one that is not yet says so", () => {
  const sources = filesOf()
    .filter((file) => /^agent\/(?!config).*\.ts$/.test(file))
    .map(textOf)
    .join("\n");
  for (const [name, { meaning }] of Object.entries(settings)) {
    assert.equal(new RegExp(`\\b${name}\\b`).test(sources), !meaning.startsWith("not yet"), name);
  }
});

const samples: Readonly<Record<string, string>> = {
  rootURL: "https://tc.example.com",
  clientId: "project/mac/worker-1",
  accessToken: "a-token-of-twenty-two-letters",
  certificate: "{}",
  workerGroup: "office",
  workerId: "mac-1",
  provisionerId: "mac",
  workerType: "firefox",
};

test("every variable of the environment sets what its row says, and nothing else", () => {
  for (const [name = "", cell = ""] of rowsOf(sectionOf(configuration, "### Environment"))) {
    const keys = [...cell.matchAll(/`([a-z]\w+)`/gi)].map(([, key = ""]) => key);
    const value = name.endsWith("POOL_ID") ? "mac/firefox" : (samples[keys[0] ?? ""] ?? "");
    const config = loadConfig({ env: { [name]: value } });
    const expected = { ...defaultConfig, ...Object.fromEntries(keys.map((key) => [key, samples[key]])) };
    assert.deepEqual(config, expected, name);
  }
});

test("every variable that the configuration reads has a row", () => {
  const read = new Set(textOf("agent/config/load.ts").match(/\bTASKCLUSTER_[A-Z_]+\b/g));
  const rows = rowsOf(sectionOf(configuration, "### Environment")).map(([name = ""]) => name);
  assert.deepEqual(rows.sort(), [...read].sort());
});

test("every key of helper.json is documented with its default", () => {
  const properties = rootSchemas["config"]?.["properties"];
  assert.ok(typeof properties === "object" && properties !== null);
  const wanted = Object.entries(properties).map(([name, schema]) => [name, JSON.stringify(schema.default)]);
  const rows = rowsOf(sectionOf(configuration, "## The helper: `helper.json`"));
  const written = rows.map(([name, standard]) => [name, name === "tasksDir" ? undefined : standard]);
  assert.deepEqual(written, wanted);
});

test("docs/cli.md has every command and every exit code", () => {
  const page = textOf("docs/cli.md");
  for (const name of Object.keys(commands)) assert.ok(page.includes(`\n### ${name}\n`), name);
  const codes = rowsOf(sectionOf(page, "## Exit codes")).map(([code]) => Number(code));
  assert.deepEqual(codes, Object.values(exitStatus));
});

test("every command line in the pages is one that there is", () => {
  const pages = ["README.md", ...["payload", "cli", "configuration", "migrate-from-generic-worker"].map(pageOf)];
  for (const page of pages) {
    for (const [line, name = ""] of textOf(page).matchAll(
      /^(?:sudo (?:-E )?)?\.\/taskcluster-worker ([a-z][\w-]*).*$/gm,
    )) {
      const command = commands[name];
      assert.ok(command, `${page}: ${line}`);
      for (const [, option = ""] of line.replace(/#.*/, "").matchAll(/--([a-z-]+)/g)) {
        assert.ok(option in command.grammar.options, `${page}: ${line}: --${option}`);
      }
    }
  }
});

test("the table of causes is how a run is resolved, in this order", () => {
  const rows = [
    ...sectionOf(textOf("docs/architecture.md"), "## The life of a task").matchAll(
      /^\| ([a-z-]+) \| (failed|exception) \| ([a-z-]*) ?\| (yes|no)/gm,
    ),
  ].map(([, kind = "", state, reason, report]) => ({ kind, state, reason, report: report === "yes" }));
  const kinds = rows.map(({ kind }) => kind);
  const source = textOf("agent/outcome.ts");
  const declared = source.slice(source.indexOf("export type CauseKind"), source.indexOf("const order"));
  assert.deepEqual([...kinds].sort(), (declared.match(/"[a-z-]+"/g) ?? []).map((name) => name.slice(1, -1)).sort());
  const isKind = (kind: string): kind is CauseKind => kinds.includes(kind);
  for (const [index, { kind, state, reason, report }] of rows.entries()) {
    const later = kinds.slice(index).filter(isKind);
    const outcome = decide(later.reverse().map((each) => ({ kind: each, message: each })));
    assert.equal(outcome.state, state, kind);
    assert.ok(outcome.state !== "completed" && outcome.cause.kind === kind, kind);
    assert.equal(outcome.state === "exception" ? outcome.reason : "", reason, kind);
    assert.equal(outcome.state === "exception" ? outcome.report : true, report, kind);
  }
});

test("docs/plugins.md lists every plugin, and only those", () => {
  const rows = rowsOf(sectionOf(textOf("docs/plugins.md"), "## Those there are")).map(([name]) => name);
  const names = newPlugins({ liveLogs: null, shells: null, settings: {}, worker }).map(({ name }) => name);
  assert.deepEqual(rows.sort(), names.sort());
});
