import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { errorCodes } from "../../shared/protocol/errors.ts";
import { errorPage } from "./error-page.ts";

const root = join(import.meta.dirname, "../..");

test("docs/errors.md is what shared/protocol/errors.ts says", () => {
  assert.equal(readFileSync(join(root, "docs/errors.md"), "utf8"), errorPage());
});

test("every error code is in docs/errors.md once, and no other code is", () => {
  const listed = [...errorPage().matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, code]) => code ?? "");
  assert.deepEqual(listed.sort(), Object.keys(errorCodes).sort());
});

test("every error code can come from the helper", () => {
  const sources = ["helper/*.ts", "shared/protocol/frames.ts"].flatMap((pattern) => globSync(pattern, { cwd: root }));
  const text = sources.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  for (const code of Object.keys(errorCodes)) {
    assert.match(text, new RegExp(`(FrameError|Refusal)\\(\\s*"${code}"`), `nothing sends ${code}`);
  }
});
