/** A file system of a given size, for tests of what happens when it is full. Root only. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** `size` as mount takes it: `2m`; `files`, directories among them, the first its own. Gone when the test ends. */
export async function tinyDisk(t: TestContext, size: string, files = 1000): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tiny-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},nr_inodes=${files},mode=0700`, "tmpfs", folder]);
  t.after(async () => {
    // Whoever has a file of it open still is no reason to leave it.
    execFileSync("umount", ["--lazy", folder]);
    await rmdir(folder);
  });
  return folder;
}

/** Takes all the room that is left. The answer gives it back. */
export function fill(folder: string): () => void {
  const ballast = join(folder, "ballast");
  const file = openSync(ballast, "wx");
  try {
    for (const block = Buffer.alloc(4096); ; ) writeSync(file, block);
  } catch {
    // It is full now.
  }
  closeSync(file);
  return () => rmSync(ballast);
}
