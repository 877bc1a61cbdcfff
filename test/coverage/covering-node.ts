/** A Node that collects coverage, in the place of the checkout's own: for a machine of our own, which is thrown away. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** /dev is what every root directory and every namespace that a test makes has of the machine's. */
export const folder = "/dev/covering-node";
/** Where each process leaves what it has seen. */
export const collected = join(folder, "out");

/**
 * The helper keeps its flags, and gets those that let it be looked at: so it is measured as it is started. Its name stays
 * that of this file, by which ps, staging and the look at its own path go.
 */
const program = `#!/bin/bash -p
case " $* " in *" --permission "*) more=(--allow-inspector --allow-fs-write=${folder}/out/\\*) ;; *) more=() ;; esac
exec -a "$0" ${folder}/real "\${more[@]}" --disable-warning=ExperimentalWarning --import ${folder}/collect.ts "$@"
`;

/** Puts it over the Node at \`node\`. */
export function coverNode(node: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=0755", "covering-node", folder]);
  mkdirSync(collected, { mode: 0o700 });
  copyFileSync(node, join(folder, "real"));
  chmodSync(join(folder, "real"), 0o755);
  for (const file of ["collect.ts", "seen.ts"]) copyFileSync(join(import.meta.dirname, file), join(folder, file));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "node"), program, { mode: 0o755 });
  execFileSync("mount", ["--bind", join(folder, "node"), node]);
}
