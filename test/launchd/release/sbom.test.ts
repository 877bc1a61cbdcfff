import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { renderSbom } from "../../../launchd/release/sbom.ts";
import { root } from "../../imports.ts";

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
}

interface Sbom {
  readonly bomFormat: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const parse = (text: string): Sbom => JSON.parse(text);
const node = { version: "26.10.0", sha256: "a".repeat(64) };
const sbom = parse(renderSbom(root, node));

suite("the list of what a release is made of", () => {
  test("has the packages, versions and addresses that npm's own list has, and Node", () => {
    const argv = ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--omit", "optional", "--package-lock-only"];
    const npm = parse(execFileSync("npm", argv, { cwd: root, encoding: "utf8" }));
    const key = ({ name, version, purl }: Component): string => `${name} ${version} ${purl}`;
    const ours = sbom.components.filter(({ name }) => name !== "node").map(key);
    assert.deepEqual(ours.sort(), npm.components.map(key).sort());
    assert.deepEqual(sbom.components.at(-1)?.hashes, [{ alg: "SHA-256", content: node.sha256 }]);
  });

  test("has the hash of each package that the lockfile has", () => {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    const hash = Buffer.from(packages["node_modules/pino"].integrity.replace("sha512-", ""), "base64").toString("hex");
    assert.deepEqual(sbom.components.find(({ name }) => name === "pino")?.hashes, [{ alg: "SHA-512", content: hash }]);
    assert.ok(sbom.components.slice(0, -1).every(({ hashes }) => hashes.length === 1));
  });

  test("says which package needs which, each of them one that it has", () => {
    const known = new Set(sbom.components.map((component) => component["bom-ref"]));
    for (const { dependsOn } of sbom.dependencies) for (const ref of dependsOn) assert.ok(known.has(ref), ref);
    const needed = new Set(sbom.dependencies.flatMap(({ dependsOn }) => dependsOn));
    assert.deepEqual(
      [...known].filter((ref) => !needed.has(ref)),
      [],
      "nothing is in it that nothing needs",
    );
  });

  test("is the same each time", () => {
    assert.equal(renderSbom(root, node), renderSbom(root, node));
  });
});
