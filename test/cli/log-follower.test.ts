import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { followLines, prefixLines } from "../../agent/cli/log-follower.ts";

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? Buffer.from(part) : part;
}

async function follow(...parts: (string | Uint8Array)[]): Promise<string[]> {
  const taken: string[] = [];
  await followLines(chunks(...parts), async (text) => {
    taken.push(text);
  });
  return taken;
}

suite("a followed log", () => {
  test("is passed on in whole lines", async () => {
    assert.deepEqual(await follow("a\nb", "c\nd\ne", "f\n"), ["a\n", "bc\nd\n", "ef\n"]);
  });

  test("ends with the line that has no end", async () => {
    assert.deepEqual(await follow("a\nb"), ["a\n", "b"]);
  });

  test("keeps characters whole that two chunks share", async () => {
    const fox = Buffer.from("\u{1f98a}\n");
    assert.deepEqual(await follow(fox.subarray(0, 2), fox.subarray(2)), ["\u{1f98a}\n"]);
  });

  test("does not wait for the end of an endless line", async () => {
    const taken = await follow("x".repeat(40_000), "x".repeat(40_000), "y\n");
    assert.deepEqual(
      taken.map(({ length }) => length),
      [80_000, 2],
    );
  });
});

suite("prefixed lines", () => {
  test("have the prefix and a line end each", () => {
    assert.equal(prefixLines("2| ", "a\nb\n"), "2| a\n2| b\n");
    assert.equal(prefixLines("2| ", "a\n\nb"), "2| a\n2| \n2| b\n");
  });
});
