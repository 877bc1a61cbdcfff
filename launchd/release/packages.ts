/** The npm packages that run in production, from the lockfile, with every file of each. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
}

/** Folders below the checkout. The optional ones are Node itself; packages inside of others come with those. */
function productionPackages(checkout: string): string[] {
  const { packages }: LockFile = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(([path, { dev, optional }]) => path !== "" && !dev && !optional && !path.includes("/node_modules/"))
    .map(([path]) => path);
}

/** Regular files below a folder of the checkout, as paths below the checkout, in no order. Links are left out. */
export function filesBelow(checkout: string, folder: string): string[] {
  return readdirSync(join(checkout, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(checkout, join(parentPath, name)));
}

export function packageFiles(checkout: string): string[] {
  return productionPackages(checkout).flatMap((folder) => filesBelow(checkout, folder));
}
