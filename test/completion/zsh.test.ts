/** The completion for zsh: its syntax, and an interactive zsh that completes with it on a terminal. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { type CommandLine, commandLinesOf } from "../../agent/completion/command-line.ts";
import { zshScript } from "../../agent/completion/zsh.ts";
import { programFor } from "../launchd/package/programs.ts";

const lines = commandLinesOf(commands);
const zsh = programFor("zsh", "zsh");

/** With all that means something to zsh in its texts. */
const odd: CommandLine = {
  command: "odd",
  summary: "it's: a [b] \\c $d `e`",
  flags: [
    { long: "--one", help: "it's: a [b] \\c $d `e`" },
    { long: "--other", help: "" },
  ],
  operands: [],
};

/** Types the line and a tabulator into an interactive zsh of its own, and prints what it then shows before it prompts anew. */
const terminal = `
zmodload zsh/zpty
zpty inner env -i TERM=dumb COLUMNS=200 HOME=$1 PATH=/usr/bin:/bin zsh -f -i
zpty -w inner "source $1/script; LISTMAX=10000; setopt NO_ALWAYS_LAST_PROMPT NO_AUTO_MENU; PS1='rea''dy>'"
zpty -r inner line '*ready>*'
zpty -w -n inner $2$'\\t\\t'
zpty -r inner line '*ready>*'
print -r -- $line
zpty -d inner
`;

suite("zsh", { skip: zsh.missing ?? false }, () => {
  let directory = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "completion-"));
    writeFileSync(join(directory, "script"), zshScript([...lines, odd]));
  });
  after(() => rmSync(directory, { recursive: true }));

  function shown(typed: string): string {
    const argv = ["-f", "-c", terminal, "zsh", directory, typed];
    return execFileSync(zsh.path, argv, { encoding: "utf8", timeout: 60_000 });
  }

  /** The first words of the lines that are offered. */
  function offered(typed: string): string[] {
    return [...shown(typed).matchAll(/^(\S+) +--? /gm)].map(([, word = ""]) => word);
  }

  test("understands the script", () => {
    execFileSync(zsh.path, ["-n", join(directory, "script")]);
  });

  test("offers every command", () => {
    assert.deepEqual(offered("taskcluster-worker ").sort(), [...Object.keys(commands), "odd"].sort());
  });

  test("shows what they do, whatever signs are in it", () => {
    const [list = "", options = ""] = ["taskcluster-worker ", "taskcluster-worker odd --"].map(shown);
    assert.ok(list.includes(odd.summary), list);
    assert.match(options, /^--one +-- it's: a \[b\] \\c \$d `e` /m);
  });

  test("offers every option of a command, but not what is there already", () => {
    const wanted = lines.find(({ command }) => command === "install")?.flags.map(({ long }) => long) ?? [];
    const rest = wanted.filter((name) => name !== "--headless");
    assert.deepEqual(offered("taskcluster-worker install --headless --").sort(), rest.sort());
  });
});

test("every command's options, values and operands are in the script for zsh", () => {
  const cases = zshScript(lines).split(/^ {4}(?=[a-z-]+\)$)/m);
  for (const { command, flags, operands } of lines) {
    const block = cases.find((each) => each.startsWith(`${command})\n      _arguments`)) ?? "";
    for (const { long, value } of flags) {
      assert.ok(block.includes(`${long}${value ? "=" : ""}[`), `${command} ${long}`);
      if (value?.offer.kind === "words") assert.ok(block.includes(`:(${value.offer.words.join(" ")})'`), long);
    }
    for (const { name } of operands) assert.ok(block.includes(`:${name}:`), `${command} ${name}`);
  }
});
