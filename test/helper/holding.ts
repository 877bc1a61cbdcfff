/** What a helper holds, in the test's own process. */
import { mkdtempSync, rmSync } from "node:fs";
import type { TestContext } from "node:test";
import { readConfig } from "../../helper/config.ts";
import { type Helper, makeHelper } from "../../helper/helper.ts";
import { placesOf } from "../../helper/places.ts";

/** In a directory of the test's, for root only; it serves nobody. */
export function holding(t: TestContext): Helper {
  const folder = mkdtempSync("/home/status-");
  t.after(() => rmSync(folder, { recursive: true }));
  const [status, logs, own] = [`${folder}/state/status.json`, folder, folder];
  const config = readConfig(`${import.meta.dirname}/default-config.json`);
  return makeHelper("test", { ...placesOf("test"), status, logs, private: own }, { ...config, tasksDir: folder });
}
