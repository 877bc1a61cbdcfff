/** The completion for bash, run by bash itself as its completion runs it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { suite, test } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { bashScript } from "../../agent/completion/bash.ts";
import { commandLinesOf } from "../../agent/completion/command-line.ts";

const lines = commandLinesOf(commands);
const script = bashScript(lines);

/** What is offered for the last of the words, when the words before it are there; nothing leaves it to file names. */
function offered(...words: string[]): string[] {
  // -u as some people have it; BASH_COMPAT, because a Mac has 3.2.
  const code = [
    'eval "$1"; shift; IFS=:; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))',
    "_taskcluster_worker",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's.
    'printf "%s\\n" ${COMPREPLY[@]+"${COMPREPLY[@]}"}',
  ].join("\n");
  const argv = ["--norc", "--noprofile", "-uc", code, "bash", script, "./taskcluster-worker", ...words];
  const env = { PATH: "/usr/bin:/bin", BASH_COMPAT: "3.2" };
  const said = execFileSync("/bin/bash", argv, { encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"] });
  return said.split("\n").filter((line) => line !== "");
}

suite("bash completes", () => {
  test("a first word to every command, and to what stands in place of one", () => {
    assert.deepEqual(offered(""), [...Object.keys(commands), "--help", "--version", "--short-version"]);
    assert.deepEqual(offered("s"), ["status", "submit", "show-payload-schema"]);
    assert.deepEqual(offered("--s"), ["--short-version"]);
  });

  for (const { command, flags } of lines) {
    test(`the options of ${command}, all of them and no others`, () => {
      const wanted = flags.map(({ long }) => long);
      assert.deepEqual(offered(command, "--"), wanted);
    });
  }

  test("an option that is there already to nothing, under both of its names", () => {
    assert.deepEqual(offered("run-task", "--json", "--"), ["--artifacts", "--agent-user", "--help"]);
    assert.deepEqual(offered("work", "-l", "info", "--"), ["--config", "--with-helper", "--help"]);
    assert.deepEqual(offered("work", "--logging-level", "=", "info", "--"), ["--config", "--with-helper", "--help"]);
  });

  test("a value to the few that it can have, behind a space as behind an equals sign", () => {
    assert.deepEqual(offered("work", "-l", ""), ["debug", "info", "warn", "error", "fatal"]);
    assert.deepEqual(offered("run", "--logging-level", "w"), ["warn"]);
    assert.deepEqual(offered("run", "--logging-level", "="), ["debug", "info", "warn", "error", "fatal"]);
    assert.deepEqual(offered("run", "--logging-level", "=", "f"), ["fatal"]);
    assert.deepEqual(offered("package", "--platform", "linux"), ["linux-arm64", "linux-x64"]);
  });

  test("an operand to the few words that it can be, in its place only", () => {
    assert.deepEqual(offered("completion", ""), ["bash", "zsh"]);
    assert.deepEqual(offered("audit", "--user", "show", ""), ["verify", "show"]);
    assert.deepEqual(offered("audit", "show", ""), []);
    assert.deepEqual(offered("audit", "--user", "tcw-abcdefgh", "show", ""), []);
    assert.deepEqual(offered("audit", "show", "audit.log.1", ""), []);
    assert.deepEqual(offered("work", "--config", "=", "worker.yml", ""), ["macosx"]);
  });

  test("a path, or what nobody can know, to whatever readline makes of file names", () => {
    assert.deepEqual(offered("run-task", ""), []);
    assert.deepEqual(offered("run-task", "--artifacts", ""), []);
    assert.deepEqual(offered("status", "--instance", "--"), []);
  });

  test("a command without operands, and one that has all of them, to its options", () => {
    assert.deepEqual(offered("drain", ""), ["--instance", "--agent-user", "--help"]);
    assert.deepEqual(offered("submit", "tasks.yml", ""), ["--wait", "--help"]);
  });

  test("nothing to an option behind --, which ends them", () => {
    assert.deepEqual(offered("submit", "--", "--"), []);
    assert.deepEqual(offered("audit", "--", ""), ["verify", "show"]);
  });

  test("a command that there is not, to nothing", () => {
    assert.deepEqual(offered("run-tsk", "--"), []);
  });
});

test("the script for bash binds the program's name, and leaves paths to readline", () => {
  const argv = ["--norc", "--noprofile", "-c", 'eval "$1"; complete -p', "bash", script];
  const said = execFileSync("/bin/bash", argv, { encoding: "utf8" });
  assert.equal(said, "complete -o default -F _taskcluster_worker taskcluster-worker\n");
});

test("the script for bash has nothing that came after the 3.2 of a Mac", () => {
  const later = [
    ...[/\b(mapfile|readarray|compopt|coproc)\b/, /\b(declare|local|typeset) -[A-Za-z]*[Anglu]/, /\$\{\w+(\^|,)/],
    ...[/\|&|&>>|;&/, /\[-\d/, /\$\{\w+@/, /\[\[ -v /, /printf -v|%\(/, /\bshopt\b/, /\$\{[^}]*: -/],
  ];
  for (const each of later) assert.doesNotMatch(script, each);
});
