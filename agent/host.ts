/** What a task's log says of the machine and the worker, under our own name in the worker type's settings. */
import { readFileSync } from "node:fs";
import { toolOutput } from "./subprocess.ts";

/** The version in package.json, which lies beside the code wherever it runs. */
export function workerVersion(): string {
  const content: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  if (typeof content === "object" && content !== null && "version" in content) return String(content.version);
  throw new Error("package.json has no version");
}

/** The operating system as its own tool names it: `macOS 15.1`, `Linux 6.1.0`. */
async function systemName(): Promise<string> {
  const darwin = process.platform === "darwin";
  const name = darwin
    ? await toolOutput("/usr/bin/sw_vers", ["-productVersion"])
    : await toolOutput("/bin/uname", ["-r"]);
  return `${darwin ? "macOS" : "Linux"} ${name ?? "of an unknown version"}`;
}

/** One entry for `workerTypeMetadata`. A tool that fails costs its word only. */
export async function hostFacts(): Promise<Record<string, Record<string, string>>> {
  const facts = { version: workerVersion(), engine: "macosx", system: await systemName(), arch: process.arch };
  return { "taskcluster-worker": { ...facts, node: process.versions.node } };
}
