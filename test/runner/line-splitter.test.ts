import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { LineSplitter } from "../../agent/runner/line-splitter.ts";

function split(longest: number, chunks: readonly (string | Buffer)[]) {
  const lines: string[] = [];
  let dropped = 0;
  const splitter = new LineSplitter(
    longest,
    (line) => lines.push(line),
    () => {
      dropped += 1;
    },
  );
  for (const chunk of chunks) splitter.take(Buffer.from(chunk));
  return { lines, dropped };
}

suite("bytes of a pipe", () => {
  test("are lines wherever they were cut", () => {
    const euro = Buffer.from("€\n");
    const { lines } = split(9, ["on", "e\ntwo\n\nth", "ree\n", euro.subarray(0, 1), euro.subarray(1), "no end"]);
    assert.deepEqual(lines, ["one", "two", "", "three", "€"]);
  });

  test("that make a line too long are dropped to its end, once told, and what follows is read", () => {
    const { lines, dropped } = split(4, ["1234\n12345", "67\nok\n", "123", "45678", "9\n", "1234\n"]);
    assert.deepEqual([lines, dropped], [["1234", "ok", "1234"], 2]);
  });
});
