import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("a file that breaks before its writer runs fails the task, not the whole agent", () => {
  const place = fileURLToPath(new URL("../../agent/engine/place-file.ts", import.meta.url));
  const lines = `
    const { placeFile } = await import(${JSON.stringify(place)});
    const { createReadStream } = await import("node:fs");
    const { once } = await import("node:events");
    // What createReadStream meets when the agent is out of descriptors, or the disk cannot be read.
    const body = createReadStream("/nowhere/at/all");
    const account = { user: { home: "/", name: "n", uid: 1 }, lost: new AbortController().signal,
      startWithInput: async () => { if (!body.closed) await new Promise((resolve) => body.once("close", resolve)); throw new Error("as slow as a spawn is"); },
      killProcess: async () => {} };
    await placeFile(account, { name: "a", mode: 0o755, body }).catch(({ message }) => console.log(message));
  `;
  // In a process of its own: an error event without a listener would end this one.
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", lines], { timeout: 20_000 });
  assert.equal(String(child.stdout), "as slow as a spawn is\n");
  assert.equal(child.status, 0);
});
