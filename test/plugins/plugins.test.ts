import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import type { WorkerControl } from "../../agent/plugins/plugin.ts";
import { newPlugins } from "../../agent/plugins/plugins.ts";

const worker: WorkerControl = { stopGracefully: () => {}, stopNow: () => {} };

test("every plugin that has a file is in the list, under the name of its file", async () => {
  const files = await readdir(new URL("../../agent/plugins/", import.meta.url));
  const expected = files
    .map((file) => file.replace(/\.ts$/, ""))
    .filter((name) => !["plugin", "plugins"].includes(name));
  const names = newPlugins({ liveLogs: null, shells: null, settings: {}, worker }).map(({ name }) => name);
  assert.deepEqual(names.sort(), expected.sort());
});
