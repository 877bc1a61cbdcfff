/** The bill of materials in software: what npm packages and which Node a release has, as CycloneDX, from the lockfile. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly name: string;
  readonly version: string;
  readonly packages: Readonly<Record<string, Locked>>;
}

/** What no other component is. */
const nodeType = "platform";
const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
const purlOf = (name: string, version: string): string => `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** `sha512-…` in base64, as the registry gives it, in hex. */
function hashesOf(integrity = ""): object[] {
  const [, base64] = /^sha512-(\S+)$/.exec(integrity) ?? [];
  return base64 ? [{ alg: "SHA-512", content: Buffer.from(base64, "base64").toString("hex") }] : [];
}

/** Where Node finds a dependency of the package at `path`: beside what is inside of it, else further up. */
function resolved(packages: Lock["packages"], path: string, name: string): string | undefined {
  for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/")))) {
    const candidate = from === "" ? `node_modules/${name}` : `${from}/node_modules/${name}`;
    if (candidate in packages) return candidate;
    if (from === "") return undefined;
  }
}

export interface NodeBuild {
  readonly version: string;
  /** Of the program, lower-case hex. */
  readonly sha256: string;
}

function isPart(value: unknown): value is { readonly type: unknown; readonly hashes: unknown } {
  return typeof value === "object" && value !== null && "type" in value && "hashes" in value;
}

/** The same text for another build of the same version of Node. `sha256` is that of its program. */
export function sbomWithNode(text: string, sha256: string): string {
  const isNode = (value: unknown): boolean => isPart(value) && value.type === nodeType;
  const replaced = (_key: string, value: unknown): unknown =>
    isNode(value) ? { ...Object(value), hashes: [{ alg: "SHA-256", content: sha256 }] } : value;
  return `${JSON.stringify(JSON.parse(text, replaced), null, 2)}\n`;
}

/** Without serial number and time, so that the same lockfile and Node make the same text. */
export function renderSbom(checkout: string, node: NodeBuild): string {
  const { name, version, packages }: Lock = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8"));
  const used = Object.entries(packages).filter(([path, { dev, optional }]) => path !== "" && !dev && !optional);
  const refOf = new Map(used.map(([path, each]) => [path, `${nameOf(path)}@${each.version ?? ""}`]));
  // The same version in two places is one component.
  const once = used.filter(
    ([path], index) => used.findIndex(([other]) => refOf.get(other) === refOf.get(path)) === index,
  );
  const root = `${name}@${version}`;
  const components = once.map(([path, each]) => ({
    "bom-ref": refOf.get(path),
    type: "library",
    name: nameOf(path),
    version: each.version,
    purl: purlOf(nameOf(path), each.version ?? ""),
    hashes: hashesOf(each.integrity),
    ...(each.license ? { licenses: [{ license: { name: each.license } }] } : {}),
  }));
  const nodeRef = `node@${node.version}`;
  const program = {
    "bom-ref": nodeRef,
    type: nodeType,
    name: "node",
    version: node.version,
    purl: `pkg:generic/node@${node.version}`,
    hashes: [{ alg: "SHA-256", content: node.sha256 }],
  };
  const dependsOn = (path: string, { dependencies = {} }: Locked): string[] =>
    Object.keys(dependencies).flatMap((each) => refOf.get(resolved(packages, path, each) ?? "") ?? []);
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { "bom-ref": root, type: "application", name, version } },
    components: [...components, program],
    dependencies: [
      { ref: root, dependsOn: [...dependsOn("", packages[""] ?? {}), nodeRef] },
      ...once.map(([path, each]) => ({ ref: refOf.get(path), dependsOn: dependsOn(path, each) })),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
