/** `manifest.json` of a release: every file of it but itself, so that what lies on a machine can be compared. */

export const manifestName = "manifest.json";

export interface ManifestFile {
  /** Below the release, with `/`. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  /** In bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** `given`: a build named by whoever made the release. `npm`: the one that a third party publishes on npm. */
export type NodeSource = "given" | "npm";

export interface Manifest {
  readonly version: string;
  readonly platform: string;
  readonly node: { readonly version: string; readonly source: NodeSource };
  /** Sorted by path. */
  readonly files: readonly ManifestFile[];
}

/** Modes in octal, as `ls` and `chmod` have them; one file a line, so that two manifests can be compared by eye. */
export function renderManifest({ version, platform, node, files }: Manifest): string {
  const head = JSON.stringify({ format: 1, version, platform, node }, null, 2).slice(0, -2);
  const lines = files.map(({ path, mode, size, sha256 }) =>
    JSON.stringify({ path, mode: `0${mode.toString(8)}`, size, sha256 }),
  );
  return `${head},\n  "files": [\n    ${lines.join(",\n    ")}\n  ]\n}\n`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** No way out of the release, and printable ASCII, which every file system keeps as it is. */
function isPathBelow(path: string): boolean {
  return path.split("/").every((part) => /^[ -[\]-~]+$/.test(part) && part !== "." && part !== "..");
}

function parseFile(value: unknown): ManifestFile | undefined {
  if (!isObject(value)) return undefined;
  const { path, mode, size, sha256 } = value;
  if (typeof path !== "string" || !isPathBelow(path) || path === manifestName) return undefined;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  if (mode !== "0644" && mode !== "0755") return undefined;
  return { path, mode: mode === "0755" ? 0o755 : 0o644, size, sha256 };
}

/** Throws with one sentence when the text is not what `renderManifest` writes. */
export function parseManifest(text: string): Manifest {
  const value: unknown = JSON.parse(text);
  if (!isObject(value) || value["format"] !== 1)
    throw new Error(`${manifestName} is of a form that this version does not know`);
  const { version, platform, node, files } = value;
  if (typeof version !== "string" || typeof platform !== "string" || !isObject(node) || !Array.isArray(files)) {
    throw new Error(`${manifestName} lacks version, platform, node or files`);
  }
  const { version: nodeVersion, source } = node;
  if (typeof nodeVersion !== "string" || (source !== "given" && source !== "npm")) {
    throw new Error(`${manifestName} does not say which Node it is`);
  }
  const parsed = files.map((file: unknown, index) => {
    const known = parseFile(file);
    if (!known) throw new Error(`${manifestName} describes file ${index + 1} of ${files.length} wrongly`);
    return known;
  });
  const unsorted = parsed.find(({ path }, index) => index > 0 && path <= (parsed[index - 1]?.path ?? ""));
  if (unsorted) throw new Error(`${manifestName} names ${unsorted.path} twice or out of order`);
  return { version, platform, node: { version: nodeVersion, source }, files: parsed };
}
