/** Where the files of an installation come from: the checkout or the unpacked release that this program is part of. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReleaseFile } from "../release/contents.ts";
import { hashFile } from "../release/hash-file.ts";
import { type Manifest, type ManifestFile, manifestName, renderManifest } from "../release/manifest.ts";
import type { Platform } from "../release/platform.ts";
import { sbomWithNode } from "../release/sbom.ts";
import { readManifest } from "../release/verify.ts";
import { releaseFiles, sbomName, writeFiles, writeRelease } from "../release/write.ts";
import { textOf } from "./text-of.ts";

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

type Content = ReleaseFile["content"];

const hashOf = (content: Content): string =>
  typeof content === "string" ? createHash("sha256").update(content).digest("hex") : hashFile(content.from);
const sizeOf = (content: Content): number =>
  typeof content === "string" ? Buffer.byteLength(content) : statSync(content.from).size;

/** What is another with a Node of its own: the program, and its hash in the list of components. */
function replacements(release: string, node: string): ReadonlyMap<string, Content> {
  const sbom = textOf(join(release, sbomName));
  return new Map<string, Content>([
    [program, { from: node }],
    ...(sbom === null ? [] : [[sbomName, sbomWithNode(sbom, hashFile(node))] as const]),
  ]);
}

interface Copy {
  readonly manifest: Manifest;
  /** By path: what does not come from the release. */
  readonly replaced: ReadonlyMap<string, Content>;
}

/** A copy of a release, with another Node where one is given. */
function copyOf(release: string, node: string | null): Copy {
  const manifest = readManifest(release);
  if (node === null) return { manifest, replaced: new Map() };
  const replaced = replacements(release, node);
  const files = manifest.files.map((file): ManifestFile => {
    const content = replaced.get(file.path);
    return content === undefined ? file : { ...file, size: sizeOf(content), sha256: hashOf(content) };
  });
  return { manifest: { ...manifest, node: { ...manifest.node, source: "given" }, files }, replaced };
}

/** The digest that the manifest of an installation from this source will have, before anything is written. */
export function digestOf({ path: from, isCheckout }: Source, platform: Platform, node: string | null): string {
  if (!isCheckout) return digestOfManifest(copyOf(from, node).manifest);
  const files = releaseFiles({ checkout: from, platform, node });
  return digest(files.map(({ path, mode, content }) => ({ path, mode, sha256: hashOf(content) })));
}

/** By the manifest: what is not in it is not copied. */
function copyRelease(from: string, to: string, node: string | null): void {
  const { manifest, replaced } = copyOf(from, node);
  const contentOf = (path: string): Content => replaced.get(path) ?? { from: join(from, path) };
  writeFiles(
    to,
    manifest.files.map(({ path, mode }) => ({ path, mode, content: contentOf(path) })),
  );
  writeFileSync(join(to, manifestName), renderManifest(manifest), { mode: 0o644 });
}

/** Writes the release into a directory that is not there. The umask must be 022. */
export function materialise(source: Source, platform: Platform, node: string | null, to: string): void {
  if (source.isCheckout) writeRelease({ checkout: source.path, platform, node }, to);
  else copyRelease(source.path, to, node);
}
