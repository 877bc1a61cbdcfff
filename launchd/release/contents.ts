/** Which files of a checkout make a release, and what of them is in it. */
import { readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { blanked, blankedName } from "./blanked.ts";
import { filesBelow, packageFiles } from "./packages.ts";
import type { Platform } from "./platform.ts";

export interface ReleaseFile {
  /** Below the release. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  /** The whole content, or the file that has it. */
  readonly content: string | { readonly from: string };
}

const sourceFolders = ["agent", "helper", "launchd", "shared"];
/** What is read at run time. Whatever else lies in a source folder, an editor's or the system's, is no source. */
const sourceKinds = new Set([".ts", ".js", ".sh", ".css", ".html", ".plist", ".sha256", ".yml"]);
/** `package-lock.json`: the starter reads there which packages to stage. */
const topFiles = ["LICENSE", "package.json", "package-lock.json"];

/** A folder's sources as a release has them. */
export function sourcesOf(checkout: string, folder: string): ReleaseFile[] {
  return filesBelow(checkout, folder)
    .filter((file) => sourceKinds.has(extname(file)) && !file.endsWith(".d.ts"))
    .map((file) => {
      const from = join(checkout, file);
      const content = file.endsWith(".ts") ? blanked(readFileSync(from, "utf8")) : { from };
      return { path: blankedName(file), mode: 0o644, content };
    });
}

/** Where a release has the manual pages: as `man -M` looks for them, by their sections. */
function manualPages(checkout: string): { from: string; path: string }[] {
  return filesBelow(checkout, "docs/man").flatMap((from) => {
    const section = /\.(\d)$/.exec(from)?.[1];
    return section === undefined ? [] : [{ from, path: join(`share/man/man${section}`, basename(from)) }];
  });
}

/** Everything but `bin/node` and the manifest, in no order. The stand-in for dscl is never part of what goes to a Mac. */
export function contentsOf(checkout: string, platform: Platform): ReleaseFile[] {
  const copied = (from: string, mode: 0o644 | 0o755, path = from): ReleaseFile => ({
    path,
    mode,
    content: { from: join(checkout, from) },
  });
  return [
    ...sourceFolders.flatMap((folder) => sourcesOf(checkout, folder)),
    ...packageFiles(checkout).map((path) => copied(path, 0o644)),
    ...topFiles.map((path) => copied(path, 0o644)),
    ...manualPages(checkout).map(({ from, path }) => copied(from, 0o644, path)),
    copied("taskcluster-worker", 0o755),
    ...(platform.startsWith("linux") ? [copied("test/dscl/dscl", 0o755)] : []),
  ];
}
