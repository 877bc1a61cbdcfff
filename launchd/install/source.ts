/** Where the files of an installation come from: the checkout or the unpacked release that this program is part of. */
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashFile } from "../release/hash-file.ts";
import { type Manifest, type ManifestFile, manifestName, renderManifest } from "../release/manifest.ts";
import type { Platform } from "../release/platform.ts";
import { readManifest } from "../release/verify.ts";
import { releaseFiles, writeRelease } from "../release/write.ts";

export interface Source {
  readonly path: string;
  readonly version: string;
  /** The version of Node that the code is for. */
  readonly nodeVersion: string;
  /** Node that comes with it is the one that a third party publishes on npm. */
  readonly npmNode: boolean;
  readonly isCheckout: boolean;
}

interface PackageJson {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

export function sourceAt(path: string): Source {
  if (existsSync(join(path, manifestName))) {
    const { version, node } = readManifest(path);
    return { path, version, nodeVersion: node.version, npmNode: node.source === "npm", isCheckout: false };
  }
  const { version, optionalDependencies }: PackageJson = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const nodeVersion = Object.values(optionalDependencies)[0] ?? "";
  return { path, version, nodeVersion, npmNode: true, isCheckout: true };
}

/** What of a file decides whether two releases are the same. */
type Row = Pick<ManifestFile, "path" | "mode" | "sha256">;

const program = "bin/node";

function digest(rows: readonly Row[]): string {
  const lines = rows.map(({ path, mode, sha256 }) => `${sha256} ${mode} ${path}\n`);
  return createHash("sha256").update(lines.sort().join("")).digest("hex");
}

export function digestOfManifest({ files }: Manifest): string {
  return digest(files);
}

/** The digest that the manifest of an installation from this source will have, before anything is written. */
export function digestOf({ path, isCheckout }: Source, platform: Platform, node: string | null): string {
  if (isCheckout) {
    const hash = () => createHash("sha256");
    const files = releaseFiles({ checkout: path, platform, node }).map(({ path: name, mode, content }): Row => {
      const sha256 = typeof content === "string" ? hash().update(content).digest("hex") : hashFile(content.from);
      return { path: name, mode, sha256 };
    });
    return digest(files);
  }
  const replaced = (row: Row): Row =>
    node !== null && row.path === program ? { ...row, sha256: hashFile(node) } : row;
  return digest(readManifest(path).files.map(replaced));
}

/** Copies a release by its manifest, with another Node where one is given. What is not in the manifest is not copied. */
function copyRelease(from: string, to: string, node: string | null): void {
  const manifest = readManifest(from);
  for (const { path, mode } of manifest.files) {
    const target = join(to, path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(node !== null && path === program ? node : join(from, path), target);
    chmodSync(target, mode);
  }
  const given = (file: ManifestFile): ManifestFile =>
    node !== null && file.path === program
      ? { ...file, size: statSync(join(to, program)).size, sha256: hashFile(join(to, program)) }
      : file;
  const isGiven = node === null ? manifest.node.source : "given";
  const written = { ...manifest, node: { ...manifest.node, source: isGiven }, files: manifest.files.map(given) };
  writeFileSync(join(to, manifestName), renderManifest(written), { mode: 0o644 });
}

/** Writes the release into a directory that is not there. The umask must be 022. */
export function materialise(source: Source, platform: Platform, node: string | null, to: string): void {
  if (source.isCheckout) writeRelease({ checkout: source.path, platform, node }, to);
  else copyRelease(source.path, to, node);
}
