/** Programs that judge what we have packed. Who does not have one is told the Debian package. */
import { existsSync } from "node:fs";
import { join } from "node:path";

export interface Program {
  readonly path: string;
  /** The reason to skip a test of it. */
  readonly missing: string | null;
}

export function programFor(name: string, debianPackage: string): Program {
  const path = ["/usr/bin", "/bin", "/opt/homebrew/bin"].map((folder) => join(folder, name)).find(existsSync);
  return { path: path ?? name, missing: path ? null : `needs ${name} (Debian package ${debianPackage})` };
}
