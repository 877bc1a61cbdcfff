/** docs/helper.md is a transcript: what it says root runs for a task user is what root runs. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { useHelper } from "../helper/fixture.ts";
import { needsRoot } from "../root.ts";
import { sectionOf, textOf } from "./pages.ts";

/** The lines that begin with `dscl` in a section, word by word, without the remarks behind them. */
function written(heading: string, user: { name: string; uid: number; home: string }): string[][] {
  const section = sectionOf(textOf("docs/helper.md"), heading);
  return [...section.matchAll(/\bdscl ((?:-plist )?\. -(?:create|read|delete) \/[^\n`]*)/g)].map(([, line = ""]) => {
    const words = line.replace(/ {2,}.*$/, "").match(/"[^"]*"|\S+/g) ?? [];
    return words.map((word) =>
      word
        .replaceAll('"', "")
        .replace("<tasksDir>/NAME/home", user.home)
        .replace(/\bNAME\b/, user.name)
        .replace(/^UID$/, `${user.uid}`)
        .replace(/,$/, ""),
    );
  });
}

suite("The transcript of what root does", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const isOf =
    (name: string) =>
    (argv: string[]): boolean =>
      argv.some((word) => word.endsWith(`/${name}`));

  test("has each call of dscl that makes an account, in its order, word by word", async (t) => {
    const { user } = await fixture.clientWithUser(t);
    const calls = fixture.helper.calls().filter(isOf(user.name));
    const lines = written("## createUser (`life.ts`, `accounts.ts`, `records.ts`)", user);
    // Whether the record is new is asked before it is made.
    const looks = (argv: string[], index: number): boolean =>
      argv[0] === "-plist" && calls[index + 1]?.[1] === "-create";
    assert.deepEqual(
      calls.filter((argv, index) => !looks(argv, index)),
      lines,
    );
  });

  test("has each call of dscl that removes one, in its order", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.request("deleteUser", { user: user.user });
    const calls = fixture.helper.calls().filter(isOf(user.name));
    const deletions = calls.filter((argv) => argv[1] === "-delete");
    const lines = written("## deleteUser, and the end of a connection (`life.ts`)", user);
    assert.deepEqual(deletions, lines);
  });
});
