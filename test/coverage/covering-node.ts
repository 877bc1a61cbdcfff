/** A Node that collects coverage in the place of another one, in a mount namespace of our own. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The helper keeps its flags, and gets those that let it be looked at: so it is measured as it is started. The program's
 * name stays that of this file, by which ps, staging and the look at its own path go.
 */
const program = (folder: string): string => `#!/bin/bash -p
case " $* " in *" --permission "*) more=(--allow-inspector --allow-fs-write=${folder}/out/\\*) ;; *) more=() ;; esac
exec -a "$0" ${folder}/real "\${more[@]}" --disable-warning=ExperimentalWarning --import ${folder}/collect.ts "$@"
`;

export interface CoveringNode {
  /** Where each process leaves what it has seen. */
  readonly collected: string;
  remove(): void;
}

/** Puts it over `node`: whatever copies or starts that from now on is covered. */
export function coverNode(node: string): CoveringNode {
  const folder = mkdtempSync("/dev/covering-node-"); // Every namespace and root directory that a test makes has /dev.
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=0755", "covering-node", folder]);
  const collected = join(folder, "out");
  mkdirSync(collected, { mode: 0o700 });
  copyFileSync(node, join(folder, "real"));
  chmodSync(join(folder, "real"), 0o755);
  for (const file of ["collect.ts", "seen.ts"]) copyFileSync(join(import.meta.dirname, file), join(folder, file));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "node"), program(folder), { mode: 0o755 });
  execFileSync("mount", ["--bind", join(folder, "node"), node]);
  const remove = (): void => {
    execFileSync("umount", ["--lazy", folder]);
    rmdirSync(folder);
  };
  return { collected, remove };
}
