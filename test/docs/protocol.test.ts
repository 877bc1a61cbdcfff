/** docs/protocol.md, docs/helper.md and the decisions about root say what the code of the protocol and the helper says. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { table } from "../../helper/table.ts";
import { limits, PROTOCOL, signals } from "../../shared/protocol/limits.ts";
import { clientSchemas, helperSchemas, type Schema } from "../../shared/protocol/schemas.ts";
import { root, rowsOf, sectionOf, textOf } from "./pages.ts";

const page = textOf("docs/protocol.md");
const requests = Object.keys(table);

function propertiesOf(schema: Schema | undefined): string[] {
  const { properties = {}, required = [] } = schema ?? {};
  assert.ok(typeof properties === "object" && properties !== null && Array.isArray(required));
  return Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
}

/** The first cells of the table whose first column has this title, in order. */
function named(section: string, title: string): string[] {
  const from = section.indexOf(`| ${title} | meaning |`);
  if (from < 0) return [];
  return rowsOf(section.slice(from).split("\n\n")[0] ?? "").map(([name = ""]) => name);
}

test("the page names the protocol's version", () => {
  assert.ok(page.startsWith(`# The helper's protocol, version ${PROTOCOL}\n`));
});

test("the page has one section for each request of the helper's table, in its order", () => {
  const headings = [...sectionOf(page, "## Requests").matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(headings, requests);
});

for (const name of requests) {
  const section = () => sectionOf(page, `### ${name}`);

  test(`the fields of ${name} are those that its schema takes`, () => {
    const fields = propertiesOf(clientSchemas[name]).filter((field) => field !== "id");
    assert.deepEqual(named(section(), "field"), fields);
  });

  test(`the answer to ${name} is what its schema describes`, () => {
    const answers = helperSchemas["answer"]?.["oneOf"];
    assert.ok(Array.isArray(answers));
    const answer = answers.find((each) => each.properties.request.const === name);
    assert.deepEqual(named(section(), "answer"), propertiesOf(answer.properties.result));
  });
}

test("the states before and during a request are those of the helper's table", () => {
  const rows = rowsOf(sectionOf(page, "## What is allowed when")).map(([name, from, during]) => [name, from, during]);
  const state = (name: string | undefined) => (name === undefined ? "–" : `\`${name}\``);
  assert.deepEqual(
    rows,
    Object.entries(table).map(([name, { from, during }]) => [name, state(from), state(during)]),
  );
});

test("the messages of the helper have the fields that their schemas describe", () => {
  const rows = rowsOf(sectionOf(page, "## What the helper says"));
  assert.deepEqual(
    rows.map(([name]) => name),
    Object.keys(helperSchemas),
  );
  for (const [name = "", data = ""] of rows) {
    if (name === "answer") continue;
    const fields = [...(data.split(";")[0] ?? "").matchAll(/`(\w+)`/g)].map(([, field]) => field);
    assert.deepEqual(fields.sort(), propertiesOf(helperSchemas[name]).sort(), name);
  }
});

test("the signals are those that the schema takes", () => {
  for (const signal of signals) assert.match(sectionOf(page, "### signal"), new RegExp(`\\b${signal}\\b`));
  const written = sectionOf(page, "### signal").match(/\bSIG[A-Z]+\b/g) ?? [];
  assert.deepEqual(written.sort(), [...signals].sort());
});

test("the limits are those that both sides use", () => {
  const rows = rowsOf(sectionOf(page, "## Limits")).map(([name, value]) => [name, value]);
  assert.deepEqual(
    rows,
    Object.entries(limits).map(([name, value]) => [name, String(value)]),
  );
});

test("every request and every root command has its reason in helper-only.md, and nothing else has", () => {
  const decision = textOf("docs/decisions/helper-only.md");
  const rows = rowsOf(decision.replaceAll(/^\| (`[^`]+`) [^|]+\|/gm, "| $1 |")).map(([name = ""]) => name);
  assert.deepEqual(rows.filter((name) => !name.startsWith("/")).sort(), [...requests].sort());
  assert.deepEqual(rows.filter((name) => name.startsWith("/")).sort(), rootPrograms());
});

test("docs/helper.md lists every program that root starts", () => {
  const section = sectionOf(textOf("docs/helper.md"), "## The programs that root starts");
  const listed = [...section.matchAll(/^\| `(\/[^`]+)`/gm)].map(([, program]) => program);
  assert.deepEqual(listed.sort(), rootPrograms());
});

test("docs/helper.md has every attribute that an account gets, and only those", () => {
  const source = textOf("helper/records.ts");
  const wanted = source.slice(source.indexOf("const common"), source.indexOf("const wanted"));
  const attributes = new Set([...wanted.matchAll(/\b([A-Z]\w+): /g)].map(([, name]) => name));
  const written = textOf("docs/helper.md").matchAll(/dscl \. -create \/Users\/NAME ([A-Z]\w+)/g);
  assert.deepEqual([...written].map(([, name]) => name).sort(), [...attributes, "UniqueID"].sort());
});

test("the reading order in SECURITY.md has every file of the trusted base once", () => {
  const order = sectionOf(textOf("SECURITY.md"), "## Reviewing the helper in an hour");
  const listed = [...order.matchAll(/`((?:helper|shared\/protocol)\/[\w.-]+\.\w+)`/g)].map(([, path]) => path);
  const files = ["helper", "shared/protocol"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
  assert.deepEqual(listed.sort(), files.filter((path) => !path.endsWith(".d.ts")).sort());
});

test("docs/logs.md lists every action of the audit log, and only those", () => {
  const sources = readdirSync(join(root, "helper")).map((name) => textOf(`helper/${name}`));
  const noted = sources.flatMap((source) => [...source.matchAll(/\.note\(\s*"([\w-]+)"/g)].map(([, action]) => action));
  const listed = rowsOf(sectionOf(textOf("docs/logs.md"), "## The audit log")).map(([action]) => action);
  assert.deepEqual(listed.sort(), [...new Set(noted)].sort());
});

/** Absolute paths of programs in the sources that start processes as root or as a task user. */
function rootPrograms(): string[] {
  const sources = `${textOf("helper/spawn.ts")}${textOf("helper/config.ts")}`;
  const programs = [...sources.matchAll(/"(\/(?:usr\/)?s?bin\/\w+)"/g)].map(([, program = ""]) => program);
  return [...new Set([...programs, "/usr/bin/dscl"])].sort();
}
