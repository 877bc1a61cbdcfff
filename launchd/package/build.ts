/** What people download: a release as an archive, for a Mac as an installer package too, and the checksums of both. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import { Refusal } from "../refusal.ts";
import { type ReleasePlan, writeRelease } from "../release/write.ts";
import { releaseEntries } from "./entry.ts";
import { gzip } from "./gzip.ts";
import { isMacPlatform, renderPkg } from "./pkg.ts";
import { renderTar } from "./tar.ts";

/** A directory to work in, inside of `directory`, which is made when it is missing. Throws Refusal when it cannot be. */
function makingIn(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true });
    return mkdtempSync(join(directory, ".making-"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const what = `${directory} cannot be the directory of a package (${why})`;
    throw new Refusal(exitStatus.usage, `${what}: name one that you can write to, or a new name in one`);
  }
}

/** Makes a release beside where it will be, and removes it when `use` has not taken it away. */
function withRelease<T>(
  plan: ReleasePlan,
  directory: string,
  use: (release: string, name: string, version: string) => T,
): T {
  const making = makingIn(directory);
  try {
    const release = join(making, "release");
    const { version } = writeRelease(plan, release);
    return use(release, `taskcluster-worker-${version}-${plan.platform}`, version);
  } finally {
    rmSync(making, { recursive: true });
  }
}

/**
 * Writes the files to `directory`, where it replaces those of the same names, and returns their paths; the last one has the
 * checksums, in the form that `sha256sum --check` and `shasum -a 256 --check` read. `mtime`, in seconds since 1970, is the
 * time of everything in them. Throws Refusal as `writeRelease` does.
 */
export function buildPackages(plan: ReleasePlan, directory: string, mtime: number): string[] {
  return withRelease(plan, directory, (release, name, version) => {
    const entries = releaseEntries(release);
    const { platform } = plan;
    const files = [
      [`${name}.tar.gz`, gzip(renderTar(entries, name, mtime))] as const,
      ...(isMacPlatform(platform) ? [[`${name}.pkg`, renderPkg({ version, platform, entries }, mtime)] as const] : []),
    ];
    const sums = files.map(([file, content]) => `${createHash("sha256").update(content).digest("hex")}  ${file}\n`);
    return [...files, ["SHA256SUMS", Buffer.from(sums.join(""))] as const].map(([file, content]) => {
      const path = join(directory, file);
      writeFileSync(path, content, { mode: 0o644 });
      return path;
    });
  });
}

/** Writes the release itself to a directory of its own in `directory`, and returns that. */
export function buildUnpacked(plan: ReleasePlan, directory: string): string {
  return withRelease(plan, directory, (release, name) => {
    const unpacked = join(directory, name);
    if (existsSync(unpacked))
      throw new Refusal(exitStatus.usage, `there is ${unpacked} already: name another directory`);
    renameSync(release, unpacked);
    return unpacked;
  });
}
