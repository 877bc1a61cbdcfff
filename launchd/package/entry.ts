/** What goes into an archive: the directories and files of a release, each with what an archive says of it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { manifestName } from "../release/manifest.ts";
import { readManifest } from "../release/verify.ts";

/** Everything belongs to root:wheel, which is root:root on Linux. */
export interface Entry {
  /** Below the archive's root, which is ".". */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Null for a directory. */
  readonly content: Buffer | null;
}

/** `st_mode`: the permissions and the type of file. */
export function fileMode({ mode, content }: Entry): number {
  return (content ? 0o100_000 : 0o040_000) | mode;
}

/** Files by name, with the directories that hold them, 0755; a directory comes before what it holds. */
export function withDirectories(files: readonly Entry[]): Entry[] {
  const directories = new Set(["."]);
  for (const { path } of files) {
    for (let folder = dirname(path); !directories.has(folder); folder = dirname(folder)) directories.add(folder);
  }
  const made = [...directories].map((path): Entry => ({ path, mode: 0o755, content: null }));
  const key = ({ path }: Entry): string => (path === "." ? "" : path.replaceAll("/", "\0"));
  return [...made, ...files].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** What the manifest of a release lists, and the manifest. */
export function releaseEntries(release: string): Entry[] {
  const { files } = readManifest(release);
  const listed = [...files, { path: manifestName, mode: 0o644 }];
  return withDirectories(listed.map(({ path, mode }) => ({ path, mode, content: readFileSync(join(release, path)) })));
}
