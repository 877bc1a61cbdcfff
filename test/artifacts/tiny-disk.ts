/** A file system of a given size, for tests of what happens when it is full. Root only. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** `size` as mount takes it: `2m`. Gone when the test ends. */
export async function tinyDisk(t: TestContext, size: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tiny-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", folder]);
  t.after(async () => {
    execFileSync("umount", [folder]);
    await rmdir(folder);
  });
  return folder;
}
