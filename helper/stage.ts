/**
 * Copies a checkout, whatever its owner and mode, to where only root can write: what was started is what runs, for as
 * long as it runs. Each part lies in a directory named by its content, so an unchanged one is copied once.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Regular files below `top`, in a stable order; links and special files are no sources. */
function filesBelow(root: string, top: string): string[] {
  const files = readdirSync(join(root, top), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1)).sort();
}

/** Packages that run, without Node itself and what only development needs, from the lockfile. */
function productionPackages(root: string): string[] {
  const lock: { packages: Record<string, { dev?: boolean; optional?: boolean }> } = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8"),
  );
  const paths = Object.entries(lock.packages).filter(([, { dev, optional }]) => !dev && !optional);
  return paths.map(([path]) => path).filter((path) => path !== "" && !path.includes("/node_modules/"));
}

/** Returns the directory `<staged>/<hash>/` that holds the files, root-owned and readable by all, beside `modules`. */
function stagePart(root: string, files: string[], staged: string, modules = ""): string {
  const contents = files.map((file) => [file, readFileSync(join(root, file))] as const);
  const hash = createHash("sha256").update(modules);
  for (const [file, bytes] of contents) hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  const name = hash.digest("hex").slice(0, 32);
  const directory = join(staged, name);
  if (readdirSync(staged).includes(name)) return directory;
  const making = `${directory}.${process.pid}`;
  for (const [file, bytes] of contents) {
    mkdirSync(dirname(join(making, file)), { recursive: true });
    writeFileSync(join(making, file), bytes, { mode: /(^|\/)(node|dscl)$/.test(file) ? 0o755 : 0o644 });
  }
  if (modules) symlinkSync(modules, join(making, "node_modules"));
  try {
    renameSync(making, directory);
  } catch {
    rmSync(making, { recursive: true }); // Another starter was faster with the same content.
  }
  return directory;
}

/** Stages the checkout at `root` with the Node at `node`. `umask` must be 022. */
export function stage(root: string, node: string, staged: string): { node: string; code: string } {
  const packages = productionPackages(root).flatMap((path) => filesBelow(root, path));
  const modules = join(stagePart(root, packages, staged), "node_modules");
  const sources = ["agent", "helper", "shared", "launchd"].flatMap((top) => filesBelow(root, top));
  const standIn = process.platform === "darwin" ? [] : ["test/dscl/dscl"];
  const code = stagePart(root, [...sources, ...standIn, "package.json"], staged, modules);
  return { node: join(stagePart(dirname(node), ["node"], staged), "node"), code };
}
