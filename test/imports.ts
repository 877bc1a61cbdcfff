/** What each TypeScript file of the project imports, read from its text. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export const root = join(import.meta.dirname, "..");

export interface Import {
  /** A file below the project's root, or a module's name as it is written. */
  readonly target: string;
  /** Nothing of it is there at run time. */
  readonly typeOnly: boolean;
}

/** Text without comments: an import in one is none. */
function code(file: string): string {
  const text = readFileSync(join(root, file), "utf8");
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function isTypeOnly(clause: string): boolean {
  if (/^type\b/.test(clause)) return true;
  const names = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1];
  if (names === undefined) return false;
  const each = names.split(",").filter((name) => name.trim() !== "");
  return each.length > 0 && each.every((name) => /^\s*type\s/.test(name));
}

/** Static and dynamic imports and re-exports of a file, relative ones resolved against the root. */
export function importsOf(file: string): Import[] {
  const text = code(file);
  const statics = [...text.matchAll(/^\s*(?:import|export)\s+(?:([^"';]*?)\s+from\s+)?"([^"]+)"/gm)];
  const dynamics = [...text.matchAll(/\bimport\(\s*"([^"]+)"/g)].map(([, target]) => ["", "", target]);
  return [...statics, ...dynamics].map(([, clause = "", target = ""]) => ({
    target: target.startsWith(".") ? normalize(join(dirname(file), target)) : target,
    typeOnly: isTypeOnly(clause),
  }));
}

/** TypeScript files below a folder of the project, as paths below the root. */
export function filesBelow(folder: string): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root }).sort();
}

export function sourceFiles(): string[] {
  return ["agent", "helper", "shared", "launchd"].flatMap(filesBelow);
}

/** The files that `start` needs, itself among them; with `types`, those that only its types come from too. */
export function reachableFrom(start: string, { types }: { types: boolean }): string[] {
  const found = new Set([start]);
  for (const file of found) {
    if (!file.endsWith(".ts")) continue;
    for (const { target, typeOnly } of importsOf(file)) {
      if ((types || !typeOnly) && existsSync(join(root, target))) found.add(target);
    }
  }
  return [...found].sort();
}
