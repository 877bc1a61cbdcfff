import assert from "node:assert/strict";
import { test } from "node:test";
import { placesOf } from "../../helper/places.ts";

for (const name of ["..", "../x", "a/b", "", "-a", "A", "a b", "a\n", "a".repeat(25)]) {
  test(`an instance name that could lead elsewhere is refused: ${JSON.stringify(name)}`, () => {
    assert.throws(() => placesOf(name), /is no instance name/);
  });
}
