/** Releases of this checkout for a machine that looks like a Mac: the files of a Mac's release, with a Node that runs there. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { materialise, sourceAt } from "../../../launchd/install/source.ts";
import { hashFile } from "../../../launchd/release/hash-file.ts";
import { manifestName, renderManifest } from "../../../launchd/release/manifest.ts";
import { readManifest } from "../../../launchd/release/verify.ts";
import { writeRelease } from "../../../launchd/release/write.ts";
import { root } from "../../imports.ts";
import { makeFakeNode } from "../release/small-checkout.ts";

const platform = "darwin-x64";
/** Files that have the version in them. */
const versioned = ["package.json", "helper/helper.js"];

/** The same release under another version. */
function renamed(release: string, from: string, to: string): void {
  for (const name of versioned) {
    const file = join(release, name);
    writeFileSync(file, readFileSync(file, "utf8").replace(`"${from}"`, `"${to}"`));
  }
  const manifest = readManifest(release);
  const files = manifest.files.map((file) => {
    const path = join(release, file.path);
    return { ...file, size: statSync(path).size, sha256: hashFile(path) };
  });
  writeFileSync(join(release, manifestName), renderManifest({ ...manifest, version: to, files }));
}

/** Writes one release for each version into the directory. */
export function writeReleases(directory: string, versions: readonly string[]): void {
  const making = mkdtempSync(join(tmpdir(), "life-release-"));
  const umask = process.umask(0o022);
  try {
    const release = join(making, "release");
    const { version: own } = writeRelease({ checkout: root, platform, node: makeFakeNode(making, platform) }, release);
    for (const version of versions) {
      const to = join(directory, version);
      materialise(sourceAt(release), platform, join(import.meta.dirname, "node"), to);
      renamed(to, own, version);
    }
  } finally {
    process.umask(umask);
    rmSync(making, { recursive: true });
  }
}
