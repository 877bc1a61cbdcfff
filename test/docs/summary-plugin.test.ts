import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pluginSettingsSchema } from "../../agent/config/plugin-settings.ts";
import { claimedRun } from "../artifacts/claimed-run.ts";
import { textOf } from "./pages.ts";
import { summaryPlugin } from "./summary-plugin.ts";

test("the plugin of docs/plugins.md is one that compiles", async () => {
  const source = await readFile(new URL("summary-plugin.ts", import.meta.url), "utf8");
  const inPlace = source.replaceAll("../../agent/plugins/", "./").replaceAll("../../agent/", "../");
  assert.ok(textOf("docs/plugins.md").includes(`\`\`\`ts\n${inPlace}\`\`\`\n`));
});

test("the plugin of docs/plugins.md does what it says", async (t) => {
  const run = await claimedRun(t);
  const hooks = summaryPlugin.newTaskPlugin(run.task);
  assert.equal(await hooks?.stopped?.(run.results, true), true);
  await writeFile(join(run.home, "summary.txt"), "7 of 7 passed");
  assert.equal(await hooks?.stopped?.(run.results, true), true);
  assert.match(await run.logText(), /^\[taskcluster [^\]]*\] Summary: 7 of 7 passed\n$/);
});

test("docs/plugins.md has a row for each setting of a plugin, and no other", () => {
  const names = Object.entries(Object(pluginSettingsSchema["properties"])).flatMap(([plugin, schema]) => {
    const keys = Object.keys(Object(Object(schema).properties));
    return keys.length === 0 ? [plugin] : keys.map((key) => `${plugin}.${key}`);
  });
  const page = textOf("docs/plugins.md");
  const table = page.slice(page.indexOf("## Settings"), page.indexOf("## Those there are"));
  const rows = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell = ""]) => cell.split(" "));
  assert.deepEqual(rows.map((cell) => cell.replaceAll("`", "")).sort(), names.sort());
});
