/** Writes a release from a checkout into a directory. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import { Refusal } from "../refusal.ts";
import { contentsOf, type ReleaseFile } from "./contents.ts";
import { hashFile } from "./hash-file.ts";
import { type Manifest, manifestName, renderManifest } from "./manifest.ts";
import { npmNode, type Platform, platformHeaderBytes, platformOf } from "./platform.ts";
import { renderSbom } from "./sbom.ts";

/** CycloneDX, under the ending that its readers know. */
export const sbomName = "sbom.cdx.json";

export interface ReleasePlan {
  /** Where the sources are, with `npm ci` done. */
  readonly checkout: string;
  readonly platform: Platform;
  /** A Node of that platform; null for the one that npm brought. */
  readonly node: string | null;
}

interface PackageJson {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** Throws Refusal unless `file` is Node for the platform, of this version. It is not started: it may be for another machine. */
function checkNode(file: string, platform: Platform, version: string): void {
  const header = Buffer.alloc(platformHeaderBytes);
  const descriptor = openSync(file, "r");
  readSync(descriptor, header);
  closeSync(descriptor);
  const found = platformOf(header);
  if (found !== platform)
    throw new Refusal(
      exitStatus.usage,
      `${file} is ${found ? `for ${found}` : "no program"}: name a Node for ${platform}`,
    );
  if (!readFileSync(file).includes(`/v${version}/`))
    throw new Refusal(exitStatus.usage, `${file} is not Node ${version}: name that one`);
}

/** Files below `directory`, with exactly their modes whatever the umask is; directories get what it leaves of 0777. */
export function writeFiles(directory: string, files: readonly ReleaseFile[]): void {
  for (const { path, mode, content } of files) {
    const to = join(directory, path);
    mkdirSync(dirname(to), { recursive: true });
    if (typeof content === "string") writeFileSync(to, content);
    else copyFileSync(content.from, to);
    chmodSync(to, mode);
  }
}

/** What the checkout says of itself, and Node's file. Throws Refusal when there is no fitting Node. */
function partsOf({ checkout, platform, node: given }: ReleasePlan): {
  version: string;
  nodeVersion: string;
  node: string;
} {
  const { version, optionalDependencies }: PackageJson = JSON.parse(
    readFileSync(join(checkout, "package.json"), "utf8"),
  );
  const nodeVersion = Object.values(optionalDependencies)[0] ?? "";
  const node = given ?? join(checkout, npmNode(platform));
  if (!statSync(node, { throwIfNoEntry: false })?.isFile()) {
    const hint = given ? "name a file that exists" : `name a Node ${nodeVersion} for ${platform} with --node`;
    throw new Refusal(exitStatus.usage, `there is no file ${node}: ${hint}`);
  }
  checkNode(node, platform, nodeVersion);
  return { version, nodeVersion, node };
}

/** Every file of a release but its manifest, by path. Throws Refusal when there is no fitting Node. */
export function releaseFiles(plan: ReleasePlan): ReleaseFile[] {
  const { nodeVersion, node } = partsOf(plan);
  const sbom = renderSbom(plan.checkout, { version: nodeVersion, sha256: hashFile(node) });
  const files: ReleaseFile[] = [
    ...contentsOf(plan.checkout, plan.platform),
    { path: "bin/node", mode: 0o755, content: { from: node } },
    { path: sbomName, mode: 0o644, content: sbom },
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * `release` must be absent or empty. Returns the manifest that is in it. Throws Refusal when there is no fitting Node or the
 * directory holds something.
 */
export function writeRelease(plan: ReleasePlan, release: string): Manifest {
  const { version, nodeVersion } = partsOf(plan);
  if (existsSync(release) && readdirSync(release).length > 0) {
    throw new Refusal(exitStatus.usage, `${release} is not empty: name a directory that does not exist`);
  }
  const files = releaseFiles(plan);
  const before = process.umask(0o022);
  try {
    writeFiles(release, files);
    const described = files.map(({ path, mode }) => {
      const full = join(release, path);
      return { path, mode, size: statSync(full).size, sha256: hashFile(full) };
    });
    const source = plan.node === null ? ("npm" as const) : ("given" as const);
    const manifest = { version, platform: plan.platform, node: { version: nodeVersion, source }, files: described };
    writeFileSync(join(release, manifestName), renderManifest(manifest), { mode: 0o644 });
    return manifest;
  } finally {
    process.umask(before);
  }
}
