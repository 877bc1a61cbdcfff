/** Whether what lies in a directory is a release as its manifest describes it. */
import { lstatSync, readdirSync, readFileSync, type Stats } from "node:fs";
import { dirname, join, relative } from "node:path";
import { hashFile } from "./hash-file.ts";
import { type Manifest, type ManifestFile, manifestName, parseManifest } from "./manifest.ts";

const octal = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;

/** The directories that hold one of the files, at any depth. */
function directoriesOf(files: readonly ManifestFile[]): Set<string> {
  const found = new Set<string>();
  for (const { path } of files) {
    for (let folder = dirname(path); folder !== "." && !found.has(folder); folder = dirname(folder)) found.add(folder);
  }
  return found;
}

/** Throws with one sentence when there is none, or one that we did not write. */
export function readManifest(release: string): Manifest {
  let text: string;
  try {
    text = readFileSync(join(release, manifestName), "utf8");
  } catch {
    throw new Error(`${release} has no ${manifestName} that can be read: name the directory of an unpacked release`);
  }
  try {
    return parseManifest(text);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Error(`${join(release, manifestName)} is no JSON: unpack the release again`);
    throw error;
  }
}

function wrongMode(stats: Stats, mode: number): string | undefined {
  return (stats.mode & 0o7777) === mode ? undefined : `has mode ${octal(stats.mode)} instead of ${octal(mode)}`;
}

function wrongContent(path: string, stats: Stats, { size, sha256 }: ManifestFile): string | undefined {
  if (stats.size !== size) return `has ${stats.size} bytes instead of ${size}`;
  return hashFile(path) === sha256 ? undefined : "has been changed";
}

/**
 * One sentence for each thing that is missing, changed, foreign or of a wrong mode, each with its path; none for a whole
 * release. Says nothing of owners, and nothing of what happens afterwards: call it for a copy that nobody else can change.
 */
export function verifyRelease(release: string): string[] {
  const { files } = readManifest(release);
  const listed = new Map(files.map((file) => [file.path, file]));
  const directories = directoriesOf(files);
  const missing = new Set(listed.keys());
  const problems: string[] = [];
  for (const entry of readdirSync(release, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(release, full);
    const stats = lstatSync(full);
    const file = listed.get(path);
    missing.delete(path);
    const problem = (): string | undefined => {
      if (directories.has(path)) return stats.isDirectory() ? wrongMode(stats, 0o755) : "is no directory";
      if (!file && path !== manifestName) return "does not belong here";
      if (!stats.isFile()) return "is no regular file";
      return wrongMode(stats, file?.mode ?? 0o644) ?? (file && wrongContent(full, stats, file));
    };
    const found = problem();
    if (found !== undefined) problems.push(`${path} ${found}`);
  }
  return [...problems, ...[...missing].map((path) => `${path} is missing`)].sort();
}
