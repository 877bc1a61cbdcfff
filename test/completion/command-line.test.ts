/** What the scripts offer is what the commands take. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { commandLinesOf, type Offer } from "../../agent/completion/command-line.ts";
import { platforms } from "../../launchd/release/platform.ts";
import { launch } from "../cli/ordinary-user.ts";

const lines = commandLinesOf(commands);

function offerOf(command: string, flag: string): Offer | undefined {
  return lines.find((each) => each.command === command)?.flags.find(({ long }) => long === flag)?.value?.offer;
}

test("a placeholder with choices is one that its command has", () => {
  for (const { grammar } of Object.values(commands)) {
    const placeholders = [...grammar.operands, ...Object.values(grammar.options).map(({ value }) => value)];
    for (const name of Object.keys(grammar.choices ?? {})) assert.ok(placeholders.includes(name), name);
  }
});

test("the platforms that are offered are those of a release", () => {
  assert.deepEqual(offerOf("package", "--platform"), { kind: "words", words: platforms });
});

test("every dialect that is offered has a schema", async () => {
  const offer = offerOf("show-payload-schema", "--dialect");
  assert.ok(offer?.kind === "words" && offer.words.length === 2);
  for (const name of offer.words)
    assert.equal((await launch(["show-payload-schema", "--dialect", name])).status, 0, name);
});

test("every level and engine that is offered is none that work refuses", async () => {
  const offer = offerOf("work", "--logging-level");
  assert.ok(offer?.kind === "words" && offer.words.length === 5);
  // 78: there are no settings, which comes after the command line.
  for (const level of offer.words) assert.equal((await launch(["work", "macosx", "-l", level])).status, 78, level);
});

test("completion prints the script of each shell that it names, and says which there are", async () => {
  for (const shell of ["bash", "zsh"]) {
    const { status, stdout, stderr } = await launch(["completion", shell]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`taskcluster-worker in ${shell}`));
  }
  const fish = await launch(["completion", "fish"]);
  assert.deepEqual([fish.status, fish.stdout], [64, ""]);
  assert.match(fish.stderr, /there is no completion for "fish"; there is one for bash and for zsh\n$/);
});
