/** helper.json: what root's owner decides. Everything that widens what root does is off unless it is switched on here. */
import { readFileSync } from "node:fs";
import type { Config as ConfigFile } from "../shared/protocol/root-types.ts";
import * as validators from "../shared/protocol/validators.js";

/** With the uid of `sessionUser`, once it has been looked at: tasks get the graphics session only then. */
export type Config = Required<ConfigFile> & { sessionUid?: number };

/** Throws with one sentence when the file cannot be read, is no JSON, or is not what the schema describes. */
export function readConfig(file: string): Config {
  const json: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!validators.config(json)) {
    const error = validators.config.errors?.[0];
    throw new Error(`${file}: ${error?.instancePath || "the whole"} ${error?.message ?? "is not valid"}`);
  }
  if (json.uidRange[0] > json.uidRange[1]) throw new Error(`${file}: uidRange ends before it begins`);
  const apples = { dscl: "/usr/bin/dscl", launchctl: "/bin/launchctl" };
  return process.platform === "darwin" ? { tasksDir: "/Users", ...json, ...apples } : { tasksDir: "/home", ...json };
}
