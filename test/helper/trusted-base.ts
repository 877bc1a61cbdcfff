/**
 * `npm run audit:helper`: everything that has to be trusted because it runs as root. Ends with 1 when the lines that a
 * reviewer has to read are more than the budget. `--json` for programs.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../helper/config.ts";
import { helperFlags } from "../../helper/flags.ts";
import { placesOf } from "../../helper/places.ts";
import { tools } from "../../helper/spawn.ts";
import { clientSchemas } from "../../shared/protocol/schemas.ts";
import { filesBelow, reachableFrom, root } from "../imports.ts";

const budget = 2_000;
const generated = ["shared/protocol/validators.js", "shared/protocol/validators.d.ts"];

interface FileLines {
  readonly file: string;
  readonly lines: number;
}

export interface TrustedBase {
  readonly budget: number;
  /** Lines of `files`, comments included. */
  readonly total: number;
  /** What runs as root, in the order of its names. */
  readonly files: readonly FileLines[];
  /** Files of which root needs the types only: nothing of them runs. They count. */
  readonly types: readonly FileLines[];
  /** Counted apart: what ajv generated, and the constant lines of bash that run as a task user. */
  readonly generated: readonly FileLines[];
  readonly shell: readonly FileLines[];
  readonly node: { readonly version: string; readonly sha256: string };
  readonly flags: readonly string[];
  readonly commands: readonly string[];
  readonly requests: readonly string[];
}

function linesOf(file: string): FileLines {
  const text = readFileSync(join(root, file), "utf8");
  return { file, lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0) };
}

export function trustedBase(): TrustedBase {
  const own = filesBelow("helper");
  const runs = new Set(own.flatMap((start) => reachableFrom(start, { types: false })));
  const known = new Set(own.flatMap((start) => reachableFrom(start, { types: true })));
  const count = (files: Iterable<string>): FileLines[] => [...files].sort().map(linesOf);
  const files = count([...runs].filter((file) => !generated.includes(file)));
  const types = count([...known].filter((file) => !runs.has(file)));
  const shell = ["helper/become-user.sh", "helper/sweep.sh"].filter((file) => existsSync(join(root, file)));
  const sum = [...files, ...types].reduce((total, { lines }) => total + lines, 0);
  const example = join(root, "test/helper/default-config.json");
  const spawned = own.flatMap((file) => [
    ...readFileSync(join(root, file), "utf8").matchAll(/\bspawn(?:Sync)?\(\s*"(\/[^"]*)"/g),
  ]);
  const commands = [
    ...Object.values(tools),
    ...spawned.map(([, path]) => path),
    "/usr/bin/dscl",
    "node, for the programs above",
  ];
  return {
    budget,
    total: sum,
    files,
    types,
    generated: count(generated),
    shell: count(shell),
    node: {
      version: process.version,
      sha256: createHash("sha256").update(readFileSync(process.execPath)).digest("hex"),
    },
    flags: helperFlags(placesOf("default"), readConfig(example), true),
    commands: [...new Set(commands.filter((path) => path !== undefined))].sort(),
    requests: Object.keys(clientSchemas).filter((name) => name !== "attach"),
  };
}

function table(title: string, files: readonly FileLines[]): string[] {
  const total = files.reduce((sum, { lines }) => sum + lines, 0);
  return ["", `${title}: ${total} lines`, ...files.map(({ file, lines }) => `${`${lines}`.padStart(6)}  ${file}`)];
}

function print(base: TrustedBase): string {
  const list = (title: string, values: readonly string[]): string[] => [
    "",
    title,
    ...values.map((value) => `  ${value}`),
  ];
  return `${[
    `To be read: ${base.total} lines, comments included; the budget is ${base.budget}.`,
    ...table("Runs as root", base.files),
    ...table("Types only, counted", base.types),
    ...table("Generated from the schemas, not counted", base.generated),
    ...table("Constant lines of bash, run as a task user, not counted", base.shell),
    ...list(`Node ${base.node.version}`, [`sha256 ${base.node.sha256}`]),
    ...list("Flags of the installed helper", base.flags),
    ...list("Programs that root starts", base.commands),
    ...list("Requests that the agent can make", base.requests),
  ].join("\n")}\n`;
}

if (import.meta.main) {
  const base = trustedBase();
  process.stdout.write(process.argv.includes("--json") ? `${JSON.stringify(base, null, 2)}\n` : print(base));
  if (base.total > base.budget) {
    process.stderr.write(`The trusted base is ${base.total - base.budget} lines over its budget of ${base.budget}.\n`);
    process.exitCode = 1;
  }
}
