import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { limits } from "../../shared/protocol/limits.ts";
import { rootSchemas } from "../../shared/protocol/root-schemas.ts";
import { clientSchemas, helperSchemas, readOnlyNames } from "../../shared/protocol/schemas.ts";
import * as generated from "../../shared/protocol/validators.js";
import { generate, generateTypes } from "./generate.ts";

const id = "0123456789abcdef".repeat(2);
const guid = "01234567-89AB-4DEF-8123-456789ABCDEF";
const samples: Record<string, unknown[]> = {
  hello: [{ id: 1, protocol: 1 }],
  createUser: [{ id: 1 }, { id: 2 ** 48, reuse: id }],
  ticket: [{ id: 7 }],
  spawn: [
    { id: 1, user: id, argv: ["a", ""], env: { PATH: "/bin", _a: "é\n" } },
    { id: 1, user: id, argv: ["a"], env: {}, cwd: "/tmp", stdin: id, output: id, graphical: true },
  ],
  signal: [{ id: 1, process: id, signal: "SIGTERM" }],
  killUser: [{ id: 1, user: id }],
  deleteUser: [
    { id: 1, user: id },
    { id: 1, user: id, park: true },
  ],
  attach: [{ ticket: id }],
  config: [
    {},
    { uidRange: [5000, 5499], maxUsers: 1, maxParked: 0, reuse: false, graphical: false, sessionUser: "_s" },
    { shareAgentSession: true, maxGraphical: 1, limits: { processes: 60, files: 64 }, umask: "0022" },
    { tasksDir: "/a/b", dscl: "/c" },
  ],
  taskUser: [
    { name: "tcw-abcdefgh", uid: 5000, guid: "", groupGuid: "", id, state: "planned" },
    { name: "tcw-abcdefgh", uid: 5000, guid, groupGuid: guid, id, state: "resting", parkId: id },
  ],
  agentAccount: [
    { made: null, users: [] },
    {
      made: { name: "_tcworker", uid: 4900, guid, groupGuid: guid },
      users: ["install", "12 Mon Nov 23 18:00:00 2026"],
    },
  ],
};
const schemas: Record<string, object> = { ...clientSchemas, ...rootSchemas };
const verdicts: Record<string, (data: unknown) => boolean> = { ...generated };

/** Values that have broken validators before. */
const hostile: unknown[] = [
  ...[
    0,
    -0,
    -1,
    -101,
    1.5,
    2 ** 31,
    2 ** 48 + 1,
    2 ** 53,
    1e308,
    Number.NaN,
    "0",
    "",
    " ",
    "\u0000",
    "../..",
    "/",
    "//",
    "/\n",
    "root",
  ],
  ...[
    null,
    true,
    false,
    [],
    {},
    [[]],
    "x".repeat(5000),
    id.toUpperCase(),
    `${id}\n`,
    `${id}0`,
    "SIGSEGV",
    "__proto__",
    "constructor",
  ],
  ...[
    JSON.parse('{"__proto__":{"id":1}}'),
    { length: 1 },
    { toString: 1 },
    ["a\u0000b"],
    { "A=B": "c" },
    { UID: "0" },
    { PATH: 1 },
  ],
];

type Path = (string | number)[];

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...at, key]))];
}

/** A copy with one place replaced, removed or given a neighbour. */
function mutated(value: unknown, path: Path, how: "replace" | "remove" | "add", by: unknown): unknown {
  if (path.length === 0) {
    if (how === "add" && typeof value === "object" && value !== null)
      return { ...value, [typeof by === "string" ? by : "more"]: by };
    return how === "remove" ? undefined : by;
  }
  const [key = "", ...rest] = path;
  const entries = Object.entries(value ?? {}).flatMap(([name, inner]): [string, unknown][] =>
    name !== String(key)
      ? [[name, inner]]
      : how === "remove" && rest.length === 0
        ? []
        : [[name, mutated(inner, rest, how, by)]],
  );
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true, useDefaults: true });
const compiled = new Map(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]));

test("the generated validators are up to date: `npm run generate`", () => {
  const text = (name: string): string =>
    readFileSync(new URL(`../../shared/protocol/${name}`, import.meta.url), "utf8");
  assert.equal(text("validators.js"), generate());
  assert.equal(text("validators.d.ts"), generateTypes());
});

test("the generated validators import nothing and evaluate nothing", () => {
  const code = readFileSync(new URL("../../shared/protocol/validators.js", import.meta.url), "utf8");
  const bare = code.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  assert.doesNotMatch(bare, /\brequire\b|\bimport\b|\beval\b|\bFunction\b|(?<!\.)\bprocess\b|\bglobalThis\b/);
});

test("there is one generated validator for each message of the agent and for each file of the helper", () => {
  assert.deepEqual(
    Object.keys(generated)
      .filter((name) => name in schemas)
      .sort(),
    Object.keys(schemas).sort(),
  );
  assert.deepEqual(Object.keys(samples).sort(), Object.keys(schemas).sort());
});

test("the requests are these, and no more", () => {
  const requests = ["createUser", "deleteUser", "hello", "killUser", "signal", "spawn", "ticket"];
  assert.deepEqual(Object.keys(clientSchemas).sort(), [...requests, "attach"].sort());
  assert.deepEqual(Object.keys(helperSchemas).sort(), ["answer", "exited", "fatal", "refused"]);
});

test("no request has a field that names a path, a uid, a gid, a name or a pid, except what only the task user reads", () => {
  const fields = Object.values(clientSchemas).flatMap((schema) => Object.keys(Object(schema["properties"])));
  const known = [
    "id",
    "protocol",
    "reuse",
    "user",
    "argv",
    "env",
    "cwd",
    "stdin",
    "output",
    "graphical",
    "process",
    "signal",
    "park",
    "ticket",
  ];
  assert.deepEqual([...new Set(fields)].sort(), known.sort());
});

test("every schema is closed, at every level", () => {
  const look = (schema: unknown, at: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    if ("properties" in schema && !("oneOf" in schema)) assert.equal(Object(schema).additionalProperties, false, at);
    for (const [key, inner] of Object.entries(schema)) look(inner, `${at}/${key}`);
  };
  for (const [name, schema] of Object.entries({ ...schemas, ...helperSchemas })) look(schema, name);
});

for (const [name, values] of Object.entries(samples)) {
  test(`${name} is valid as the samples have it, for both validators`, () => {
    for (const value of values) {
      assert.equal(verdicts[name]?.(structuredClone(value)), true, JSON.stringify(value));
      assert.equal(compiled.get(name)?.(structuredClone(value)), true);
    }
  });
}

test("both validators say the same of some thousand generated and mutated messages", () => {
  let valid = 0;
  let invalid = 0;
  const compare = (name: string, value: unknown): void => {
    const [one, other] = [structuredClone(value), structuredClone(value)]; // Absent keys are filled in.
    const verdict = verdicts[name]?.(one);
    assert.equal(verdict, compiled.get(name)?.(other), `${name} ${JSON.stringify(value)}`);
    assert.deepEqual(one, other);
    if (verdict) valid += 1;
    else invalid += 1;
  };
  const names = Object.keys(samples);
  for (const name of names) {
    for (const sample of samples[name] ?? []) {
      for (const path of pathsOf(sample)) {
        for (const value of hostile) {
          for (const how of ["replace", "remove", "add"] as const) compare(name, mutated(sample, path, how, value));
        }
      }
    }
  }
  const place = fc.constantFrom(...names).chain((name) =>
    fc.constantFrom(...(samples[name] ?? [])).chain((sample) =>
      fc.record({
        name: fc.constant(name),
        sample: fc.constant(sample),
        path: fc.constantFrom(...pathsOf(sample)),
      }),
    ),
  );
  const how = fc.constantFrom("replace" as const, "remove" as const, "add" as const);
  const property = fc.property(place, how, fc.jsonValue(), ({ name, sample, path }, change, value) => {
    compare(name, mutated(sample, path, change, value));
  });
  fc.assert(property, { numRuns: 2000 });
  assert.ok(valid > 100 && invalid > 2000, `${valid} valid, ${invalid} invalid`);
});

const spawnWith = (more: object): boolean => generated.spawn({ id: 1, user: id, argv: ["a"], env: {}, ...more });

test("a name of the environment is one that a shell can export and that bash does not keep for itself", () => {
  for (const name of ["A", "_", "a1", "PATH", "UIDS", "XUID", "A".repeat(256)])
    assert.ok(spawnWith({ env: { [name]: "" } }), name);
  const bad = [
    ...readOnlyNames,
    "",
    "1A",
    "A B",
    "A=B",
    "A\nB",
    "A\n",
    "A-B",
    "é",
    "ａ",
    "BASH_FUNC_id%%",
    "A".repeat(257),
    "A\u0000",
  ];
  for (const name of bad) assert.ok(!spawnWith({ env: { [name]: "" } }), JSON.stringify(name));
});

test("argv and env hold no NUL, are not empty or too many, and no string is too long", () => {
  const long = "x".repeat(limits.stringBytes);
  assert.ok(spawnWith({ argv: [long], env: { A: long } }));
  for (const argv of [[], ["a\u0000"], [`${long}x`], Array(4097).fill("a"), ["a", 1], "a", [["a"]]])
    assert.ok(!spawnWith({ argv }));
  for (const env of [{ A: "\u0000" }, { A: `${long}x` }, { A: 1 }, { A: null }, [], "A=b"])
    assert.ok(!spawnWith({ env }));
});

test("a working directory is absolute and no longer than a path can be", () => {
  for (const cwd of ["/", "/a b/é", `/${"x".repeat(1023)}`]) assert.ok(spawnWith({ cwd }), cwd);
  for (const cwd of ["", ".", "a", "~", "/a\u0000", `/${"x".repeat(1024)}`, 1, null]) assert.ok(!spawnWith({ cwd }));
});

test("an id is 32 small hexadecimal digits", () => {
  for (const user of ["", "0", id.toUpperCase(), `${id}0`, ` ${id}`, `${id}\n`, id.slice(1), 0, null, [id]]) {
    assert.ok(!generated.killUser({ id: 1, user }), JSON.stringify(user));
  }
});

test("a switch that is off is left out: false is no value", () => {
  assert.ok(!spawnWith({ graphical: false }));
  assert.ok(!generated.deleteUser({ id: 1, user: id, park: false }));
});
