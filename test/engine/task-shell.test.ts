import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { shellCommand } from "../../agent/engine/task-shell.ts";

const env = { PATH: "/usr/bin:/bin", SHELL: "/bin/zsh", BASH_ENV: "/nowhere", TERM: "dumb" };

function outputOf(terminal: boolean, ...argv: string[]): string {
  const command = shellCommand({ argv, terminal }, env);
  const [file = "", ...args] = command.argv;
  return spawnSync(file, args, { env: command.env, input: "", encoding: "utf8", timeout: 20_000 }).stdout;
}

test("script of macOS is given the program as it is, and the task's own variables", () => {
  const { argv, env: given } = shellCommand({ argv: ["a b", "c"], terminal: true }, env, "darwin");
  const script = argv.slice(argv.indexOf("/usr/bin/script"));
  assert.deepEqual(script.slice(0, 3), ["/usr/bin/script", "-q", "/dev/null"]);
  assert.deepEqual(script.slice(-3), ["/bin/zsh", "a b", "c"]);
  assert.deepEqual(given, { ...env, TERM: "xterm-256color" });
});

test("script of Linux is given a line for a plain sh, and is told to pass the exit code on", () => {
  const { argv, env: given } = shellCommand({ argv: ["a b", "c"], terminal: true }, env, "linux");
  const script = argv.slice(argv.indexOf("/usr/bin/script"));
  assert.deepEqual([...script.slice(0, 4), script.at(-1)], ["/usr/bin/script", "-q", "-e", "-c", "/dev/null"]);
  assert.match(script[4] ?? "", / \/bin\/zsh 'a b' c$/);
  assert.equal(given["SHELL"], "/bin/sh");
});

test("a program has its arguments, whatever is in them, and its own SHELL", () => {
  const shown = ["/bin/bash", "-c", 'printf "%s|" "$SHELL" "$TERM" "$@"', "x"];
  const strange = ["it's", "$HOME", "a  b", "`id`", "\\n", ""];
  const expected = ["/bin/zsh", "xterm-256color", ...strange].map((each) => `${each}|`).join("");
  assert.ok(outputOf(true, ...shown, ...strange).includes(`\n${expected}`));
});

test("a program without a terminal has none, and a pipe as stdin", () => {
  assert.equal(outputOf(false, "/bin/bash", "-c", "tty; [[ -p /dev/stdin ]] && echo pipe"), "not a tty\npipe\n");
});
