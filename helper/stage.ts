/** Copies a checkout to where only root can write, in parts named by their content: what was started is what runs. */
import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { takeLock } from "./lock.ts";
import { runTool, tools } from "./spawn.ts";

/** A file's name in the copy, and where it is. */
type Source = readonly [string, string];

/** Regular files below `top`, in a stable order; links and special files are no sources. */
function filesBelow(root: string, top: string): string[] {
  const files = fs.readdirSync(join(root, top), { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1)).sort();
}

/** Packages that run, without Node itself and what only development needs, from the lockfile. */
function productionPackages(root: string): string[] {
  const lock: { packages: Record<string, { dev?: boolean; optional?: boolean }> } = JSON.parse(
    fs.readFileSync(join(root, "package-lock.json"), "utf8"),
  );
  const paths = Object.entries(lock.packages).filter(([, { dev, optional }]) => !dev && !optional);
  return paths.map(([path]) => path).filter((path) => path !== "" && !path.includes("/node_modules/"));
}

/** Returns the directory `<staged>/<hash>/` that holds the files, root-owned and readable by all, beside `modules`. */
function stagePart(files: Source[], staged: string, modules = ""): string {
  const contents = files.map(([name, source]) => [name, fs.readFileSync(source)] as const);
  const hash = createHash("sha256").update(modules);
  for (const [name, bytes] of contents) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  const name = hash.digest("hex").slice(0, 32);
  const directory = join(staged, name);
  if (!fs.readdirSync(staged).includes(name)) {
    const making = `${directory}.${randomUUID()}`;
    for (const [name, bytes] of contents) {
      fs.mkdirSync(dirname(join(making, name)), { recursive: true });
      fs.writeFileSync(join(making, name), bytes, { mode: /(^|\/)(node|dscl)$/.test(name) ? 0o755 : 0o644 });
    }
    if (modules) fs.symlinkSync(modules, join(making, "node_modules"));
    fs.renameSync(making, directory);
  }
  fs.utimesSync(directory, new Date(), new Date());
  return directory;
}

/** Removes copies that no command line names, and no starter has asked for in a day. A task can name one and so keep it. */
export async function removeStale(staged: string): Promise<void> {
  const { exit, stdout } = await runTool(tools.ps, ["-axwwo", "args="], 5_000);
  if (exit !== 0) return; // No answer, which is not "none".
  for (const copy of fs.readdirSync(staged).map((name) => join(staged, name))) {
    const isOld = Date.now() - fs.statSync(copy).mtimeMs > 24 * 60 * 60 * 1000;
    if (isOld && !stdout.includes(copy)) fs.rmSync(copy, { recursive: true });
  }
}

/** Stages the checkout at `root` with the Node at `node`, and removes copies that are stale. `umask` must be 022. */
export async function stage(root: string, node: string, staged: string): Promise<{ node: string; code: string }> {
  const lock = takeLock(join(staged, "../private/staged.lock"), 120_000); // So none is removed that somebody reuses.
  if (!lock) throw new Error(`another starter has been busy in ${staged} for too long`);
  const from = (file: string): Source => [file, join(root, file)];
  const packages = productionPackages(root).flatMap((path) => filesBelow(root, path));
  const runtime = stagePart([...packages.map(from), ["node", node]], staged);
  const sources = ["agent", "helper", "shared", "launchd"].flatMap((top) => filesBelow(root, top));
  const standIn = process.platform === "darwin" ? [] : ["test/dscl/dscl"];
  const code = stagePart([...sources, ...standIn, "package.json"].map(from), staged, join(runtime, "node_modules"));
  await removeStale(staged);
  lock.close();
  return { node: join(runtime, "node"), code };
}
