import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tools } from "../helper/spawn.ts";
import { filesBelow, importsOf, reachableFrom, root, sourceFiles } from "./imports.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const withoutComments = (file: string): string =>
  read(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
/** Files of a folder whose text matches. */
const filesWith = (folder: string, pattern: RegExp): string[] =>
  filesBelow(folder).filter((file) => pattern.test(withoutComments(file)));

/** Programs that start on their own. The starter and what it uses are another program than the helper. */
const rootPrograms = ["helper/main.ts", "helper/start.ts", "helper/agent-account.ts"];
const programs = [...rootPrograms, "agent/main.ts", "launchd/main.ts"];
/** What launchd/ may use of the helper: audited files that hold no state and start nothing (docs/decisions/installer.md). */
const pureForLaunchd = ["config", "flags", "lock", "places", "trust"].map((name) => `helper/${name}.ts`);

function wrongImports(folder: string, allowed: (target: string) => boolean): string[] {
  return filesBelow(folder).flatMap((file) =>
    importsOf(file)
      .filter(({ target }) => !allowed(target))
      .map(({ target }) => `${file} imports ${target}`),
  );
}

test("the imports of every source file are understood", () => {
  for (const file of sourceFiles()) {
    const written = withoutComments(file).match(/\bfrom\s+"[^"]+"|^import\s+"[^"]+"|\bimport\(/gm) ?? [];
    assert.ok(importsOf(file).length >= written.length, file);
  }
});

test("what runs as root imports Node's own modules, the protocol and its own folder, and nothing else", () => {
  const wrong = wrongImports("helper", (target) => /^(node:|shared\/protocol\/|helper\/)/.test(target));
  assert.deepEqual(wrong, []);
});

test("the agent imports nothing of the helper or of launchd", () => {
  assert.deepEqual(
    wrongImports("agent", (target) => !/^(helper|launchd|test)\//.test(target)),
    [],
  );
});

test("launchd imports Node's own modules, what is shared, its own folder and the helper's pure files, and nothing else", () => {
  const wrong = wrongImports(
    "launchd",
    (target) => /^(node:|shared\/|launchd\/)/.test(target) || pureForLaunchd.includes(target),
  );
  assert.deepEqual(wrong, []);
  for (const file of pureForLaunchd) {
    const beyond = reachableFrom(file, { types: false }).filter((each) => each.startsWith("helper/") && each !== file);
    assert.deepEqual(beyond, [], `${file} brings no other file of the helper with it`);
  }
});

test("what both sides share imports nothing but itself", () => {
  assert.deepEqual(
    wrongImports("shared", (target) => target.startsWith("shared/")),
    [],
  );
});

test("no source file imports a test", () => {
  for (const file of sourceFiles()) {
    assert.ok(!importsOf(file).some(({ target }) => target.startsWith("test/")), file);
  }
});

test("there is no cycle of imports that exist at run time", () => {
  const graph = new Map(
    sourceFiles().map((file) => [
      file,
      importsOf(file)
        .filter(({ typeOnly }) => !typeOnly)
        .map(({ target }) => target),
    ]),
  );
  const cycles = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, way: string[]): void => {
    if (way.includes(file)) cycles.add([...way.slice(way.indexOf(file)), file].join(" → "));
    if (done.has(file) || way.includes(file)) return;
    for (const next of graph.get(file) ?? []) if (graph.has(next)) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  assert.deepEqual([...cycles], []);
});

test("of what the helper needs, only spawn.ts can start a process", () => {
  const able = reachableFrom("helper/main.ts", { types: false }).filter(
    (file) =>
      file.endsWith(".ts") &&
      importsOf(file).some(({ target, typeOnly }) => target === "node:child_process" && !typeOnly),
  );
  assert.deepEqual(able, ["helper/spawn.ts"]);
});

test("of what runs as root, only spawn.ts and the starter can start a process", () => {
  const able = filesWith("helper", /^import (?!type).*"node:child_process"/m);
  assert.deepEqual(able, ["helper/slice.ts", "helper/spawn.ts", "helper/start.ts"]);
});

test("of what the helper needs, nothing can reach the network, run code from text, or load native code", () => {
  const modules = new Set(
    reachableFrom("helper/main.ts", { types: false })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        importsOf(file)
          .filter(({ typeOnly }) => !typeOnly)
          .map(({ target }) => target),
      )
      .filter((target) => target.startsWith("node:")),
  );
  const known = [
    "node:child_process",
    "node:crypto",
    "node:fs",
    "node:net",
    "node:path",
    "node:sqlite",
    "node:timers/promises",
    "node:util",
  ];
  assert.deepEqual(
    [...modules].filter((name) => !known.includes(name)),
    [],
  );
  for (const file of filesBelow("helper"))
    assert.doesNotMatch(withoutComments(file), /\beval\(|new Function\(|\bimport\(/, file);
});

test("node:net is used by the helper to listen on a path, and never to connect", () => {
  assert.deepEqual(filesWith("helper", /import (?!type)[^;]*"node:net"/), ["helper/listen.ts"]);
  assert.doesNotMatch(withoutComments("helper/listen.ts"), /\bconnect\(|createConnection|\bport\b/);
});

test("node:sqlite is a lock and nothing else: one constant line, no data, no extension", () => {
  assert.deepEqual(filesWith("helper", /import (?!type)[^;]*"node:sqlite"/), ["helper/lock.ts"]);
  assert.deepEqual(withoutComments("helper/lock.ts").match(/\block\.\w+\([^)]*\)/g), [
    'lock.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE")',
    "lock.close()",
  ]);
  assert.deepEqual(filesWith("helper", /allowExtension|loadExtension|enableLoadExtension/), []);
});

test("of what runs as root, only the two programs read the environment", () => {
  assert.deepEqual(filesWith("helper", /process\.env\b/), ["helper/main.ts", "helper/start.ts"]);
});

test("root names no path below the tasks directory but these", () => {
  const named = new Set<string>();
  for (const file of filesBelow("helper")) {
    if (file !== "helper/directories.ts")
      assert.doesNotMatch(withoutComments(file), /tasksDir\}|homeOf\([^)]*\)\s*\+/, file);
  }
  const text = withoutComments("helper/directories.ts");
  for (const [path] of text.matchAll(/`[^`]*\$\{(?:this\.#tasks|tasks|top|this\.#graveyard)\}\/[^`]*`/g))
    named.add(path);
  assert.deepEqual(
    [...named].map((path) => path.replace(/\$\{(?:this\.)?#?(\w+)[^}]*\}+/g, "<$1>")).sort(),
    [
      "`<graveyard>/<name>-<randomBytes>`",
      "`<tasks>/<name>`",
      "`<tasks>/<name>/home`",
      "`<tasks>/.taskcluster-worker-<instance>`",
      "`<top>/home`",
    ].sort(),
  );
});

test("root opens, walks and deletes nothing below the tasks directory: only these calls are made there", () => {
  const calls = importedNames("helper/directories.ts", "node:fs");
  const allowed = ["chmodSync", "lchownSync", "lstatSync", "mkdirSync", "readdirSync", "renameSync", "rmdirSync"];
  assert.deepEqual(calls, allowed);
  const listed = [...withoutComments("helper/directories.ts").matchAll(/readdirSync\(([^)]*)\)/g)].map(
    ([, what]) => what,
  );
  assert.deepEqual([...new Set(listed)], ["this.#graveyard"], "what is listed is root's alone");
});

test("of what the helper needs, nothing deletes or copies recursively", () => {
  for (const file of reachableFrom("helper/main.ts", { types: false })) {
    assert.doesNotMatch(withoutComments(file), /recursive|\brm\(|rmSync|cpSync|\bglob(Sync)?\(/, file);
  }
});

test("no process is started through a shell string", () => {
  for (const file of sourceFiles())
    assert.doesNotMatch(withoutComments(file), /\bshell\s*:|\bexecSync\(|(?<!\block\.)\bexec\(\s*[`"']/, file);
});

test("every program that root starts is named by its absolute path", () => {
  for (const [name, path] of Object.entries(tools))
    if (path !== undefined) assert.match(path, /^\/(usr\/)?s?bin\/\w+$/, name);
  const constants = filesBelow("helper").flatMap((file) => [
    ...withoutComments(file).matchAll(/\bspawn(?:Sync)?\(\s*"([^"]*)"/g),
  ]);
  assert.ok(constants.length > 0);
  for (const [, path] of constants) assert.match(path ?? "", /^\/(usr\/)?bin\/(bash|id)$/);
});

test("the agent starts every subprocess at one place", () => {
  const users = filesBelow("agent").filter((file) => importsOf(file).some(({ target }) => target === "execa"));
  assert.equal(users.length, 1, users.join());
  const [user = ""] = users;
  assert.equal(withoutComments(user).match(/\bexeca(?:Sync|Node)?[(`]/g)?.length, 1);
  assert.deepEqual(
    filesBelow("agent").filter((file) => importsOf(file).some(({ target }) => target.endsWith("child_process"))),
    [],
  );
});

test("node-ipc, execa and pino are each imported in one file of the agent", () => {
  for (const name of ["node-ipc", "execa", "pino"]) {
    const users = filesBelow("agent").filter((file) =>
      importsOf(file).some(({ target, typeOnly }) => target === name && !typeOnly),
    );
    assert.equal(users.length, 1, `${name}: ${users.join(", ")}`);
  }
});

test("no source file is longer than 300 lines", () => {
  const long = sourceFiles()
    .map((file) => [file, read(file).split("\n").length - 1] as const)
    .filter(([, lines]) => lines > 300);
  assert.deepEqual(long, []);
});

test("every source file is needed by a program or a test", () => {
  const starts = [...programs, ...globSync("test/**/*.ts", { cwd: root })];
  const needed = new Set(starts.flatMap((start) => reachableFrom(start, { types: true })));
  assert.deepEqual(
    sourceFiles().filter((file) => !needed.has(file) && !file.endsWith(".d.ts")),
    [],
  );
});

function importedNames(file: string, module: string): string[] {
  const clause = new RegExp(`import \\{([^}]*)\\} from "${module}"`).exec(read(file))?.[1] ?? "";
  return clause
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean)
    .sort();
}
