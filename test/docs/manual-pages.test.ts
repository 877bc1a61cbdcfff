/** The manual pages in docs/man/: what they say is what the code does, and mandoc has nothing to say against them. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { layoutOf } from "../../launchd/layout.ts";
import { config } from "../../shared/protocol/validators.js";
import { programFor } from "../launchd/package/programs.ts";
import { boundsOf, helperKeys, patterns } from "./manual-pages.ts";
import { prose, word } from "./mdoc.ts";
import { filesOf, root, textOf } from "./pages.ts";

const pages = ["docs/man/taskcluster-worker-helper.json.5", "docs/man/taskcluster-worker.1"];
const helperPage = textOf("docs/man/taskcluster-worker-helper.json.5");
const launcherPage = textOf("docs/man/taskcluster-worker.1");
const mandoc = programFor("mandoc", "mandoc");
const skip = mandoc.missing ?? false;

/** The lines of a section of a page. */
function section(page: string, name: string): string {
  return new RegExp(`^\\.Sh ${name}\\n([\\s\\S]*?)(?=^\\.Sh|(?![\\s\\S]))`, "m").exec(page)?.[1] ?? "";
}

/** A page as a reader sees it, in one line, without the overstrikes of bold letters. */
function rendered(page: string): string {
  const text = execFileSync(mandoc.path, ["-T", "ascii", "-O", "width=1000", join(root, page)], { encoding: "utf8" });
  return text.replaceAll(/.[\b]/g, "").replaceAll(/\s+/g, " ");
}

test("every manual page is looked at here", () => {
  assert.deepEqual(
    filesOf()
      .filter((file) => file.startsWith("docs/man/"))
      .sort(),
    pages,
  );
});

suite("mandoc", { skip }, () => {
  for (const page of pages) {
    test(`finds no fault in ${page}`, () => {
      const { stdout, stderr } = spawnSync(mandoc.path, ["-T", "lint", join(root, page)], { encoding: "utf8" });
      // Whether this machine has the pages that it refers to says nothing about the page.
      const faults = `${stdout}${stderr}`
        .split("\n")
        .filter((line) => !/^$|: referenced manual not found: /.test(line));
      assert.deepEqual(faults, []);
    });
  }

  test("shows every command with its operands and options, as they are typed", () => {
    const text = rendered("docs/man/taskcluster-worker.1");
    for (const { grammar } of Object.values(commands)) {
      const block = text.slice(text.indexOf(` taskcluster-worker ${grammar.command} [`));
      for (const [name, { value = "" }] of Object.entries(grammar.options))
        assert.ok(block.includes(`--${name} ${value}`.trim()), `${grammar.command} --${name}`);
    }
  });

  test("shows the words of the code unharmed", () => {
    const odd = "a `b-c` \\ --dry-run … – .x 'y";
    const source = [
      ".Dd January 1, 2026",
      ".Dt X 1",
      ".Os",
      ".Sh NAME",
      ".Nm x",
      ".Nd y",
      ".Sh DESCRIPTION",
      prose(odd),
    ];
    const text = spawnSync(mandoc.path, ["-T", "utf8"], { input: source.join("\n"), encoding: "utf8" }).stdout;
    assert.ok(text.includes("a ‘b-c’ \\ --dry-run ... – .x 'y"), text);
  });
});

test("a word that could be a macro, and a line that could be a request, are not taken for one", () => {
  assert.equal(word("No"), "\\&No");
  assert.equal(prose(".so /etc/passwd"), "\\&.so /etc/passwd");
});

test("the pages are ASCII, which every reader of manual pages shows", () => {
  for (const page of pages) assert.match(textOf(page), /^[\n -~]*$/, page);
});

test("the page of the launcher has every variable of the environment that the commands read, and no other", () => {
  const sources = filesOf().filter((file) => /^(agent\/(cli|queue)|launchd)\/.*\.ts$/.test(file));
  const read = sources.flatMap((file) =>
    [...textOf(file).matchAll(/\benv\["([A-Za-z_]+)"\]/g)].map(([, name = ""]) => name),
  );
  const configured = textOf("agent/config/load.ts").match(/\bTASKCLUSTER_[A-Z_]+\b/g) ?? [];
  const wanted = new Set([...read.filter((name) => !/^TCW_|^NO_PROXY$/.test(name)), ...configured]);
  for (const name of ["http_proxy", "https_proxy"]) wanted.add(name);
  const tags = section(launcherPage, "ENVIRONMENT").match(/^\.It Ev .*$/gm) ?? [];
  const written = tags.flatMap((tag) => tag.slice(".It Ev ".length).split(" , "));
  assert.deepEqual(written.sort(), [...wanted].sort());
});

test("the page of the launcher has the paths of an installation", () => {
  const layout = layoutOf();
  const paths = [
    ...[layout.workerConfig, layout.helperConfig, layout.current, layout.helperPlist, layout.agentPlist],
    ...[layout.headlessPlist, layout.stateRoot, layout.receipt, layout.agentLog, layout.helperLog],
    `${layout.places.logs}/audit.log`,
  ];
  const written = [...section(launcherPage, "FILES").matchAll(/^\.It Pa (.*)$/gm)].map(([, path]) => path);
  assert.deepEqual(written, paths);
  const files = [...section(helperPage, "FILES").matchAll(/^\.It Pa (.*)$/gm)].map(([, path]) => path);
  assert.deepEqual(files, [layout.helperConfig, layout.helperLog]);
});

test("the example of helper.json is one that the helper takes", () => {
  const example = /^\{\n[\s\S]*?^\}$/m.exec(section(helperPage, "EXAMPLES"))?.[0] ?? "";
  assert.ok(config(JSON.parse(example)));
});

suite("the bounds of helper.json's keys, in words,", () => {
  const takes = (name: string, value: unknown): boolean => config({ [name]: value });
  const integer = /^a whole number from (\d+) to (\d+)$/;

  for (const [name, schema] of helperKeys()) {
    const words = boundsOf(name, schema);
    test(`are those of ${name}: ${words}`, () => {
      const [, least, most] = integer.exec(words) ?? [];
      const pattern = patterns[name];
      if (least !== undefined && most !== undefined) {
        assert.deepEqual(
          [Number(least) - 1, Number(least), Number(most), Number(most) + 1].map((n) => takes(name, n)),
          [...[false, true, true, false]],
        );
      } else if (words === "true or false") {
        assert.deepEqual(
          [true, false, 0, "true"].map((value) => takes(name, value)),
          [true, true, false, false],
        );
      } else if (pattern) {
        for (const value of pattern.takes) assert.ok(takes(name, value), JSON.stringify(value));
        for (const value of pattern.refuses) assert.ok(!takes(name, value), JSON.stringify(value));
      } else {
        assert.ok(name === "uidRange" || name === "limits", `${name} has a test of its own`);
      }
    });
  }

  test("are those of the two uids and the two limits", () => {
    assert.ok(takes("uidRange", [4000, 59_999]));
    for (const value of [[3999, 5000], [5000, 60_000], [5000], [5000, 5001, 5002]])
      assert.ok(!takes("uidRange", value));
    assert.ok(
      takes("limits", { processes: 16, files: 64 }) && takes("limits", { processes: 100_000, files: 1_000_000 }),
    );
    for (const value of [{ processes: 15, files: 64 }, { processes: 16, files: 63 }, { processes: 16 }])
      assert.ok(!takes("limits", value), JSON.stringify(value));
  });
});
