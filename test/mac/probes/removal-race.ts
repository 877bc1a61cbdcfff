/**
 * Removes trees as root while directories in them are swapped with links to a place outside, all in a folder that only root
 * can reach: `node removal-race.ts FOLDER async|sync`. Prints `lost N of 50`: how often something outside was removed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

const [folder = "", how = ""] = process.argv.slice(2);
const rounds = 50;
const [width, outside] = [40, join(folder, "outside")];
/** renameatx_np on macOS, renameat2 on Linux: number, AT_FDCWD and the flag that swaps. */
const [call, here, swap] =
  process.platform === "darwin" ? [488, -2, 2] : [process.arch === "arm64" ? 276 : 316, -100, 2];
const swapper = `my ($a, $b) = @ARGV; my $n = ${call}; $| = 1; print "on\\n"; syscall($n, ${here}, $a, ${here}, $b, ${swap}) while 1`;

let lost = 0;
for (let round = 0; round < rounds; round += 1) {
  const [tree, link] = [join(folder, "tree"), join(folder, "link")];
  mkdirSync(outside);
  for (let n = 0; n < width; n += 1) writeFileSync(join(outside, `file${n}`), "");
  mkdirSync(join(tree, "swapped"), { recursive: true });
  for (let n = 0; n < width; n += 1) writeFileSync(join(tree, "swapped", `own${n}`), "");
  symlinkSync(outside, link);
  const racer = spawn("/usr/bin/perl", ["-e", swapper, join(tree, "swapped"), link], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(racer.stdout, "data");
  try {
    if (how === "async") await rm(tree, { recursive: true, force: true });
    else rmSync(tree, { recursive: true, force: true });
  } catch {
    // What is swapped at the wrong moment is no directory any more: such a removal fails, and loses nothing.
  }
  racer.kill("SIGKILL");
  await once(racer, "exit");
  const kept = Array.from({ length: width }, (_, n) => existsSync(join(outside, `file${n}`))).every(Boolean);
  if (!kept) lost += 1;
  for (const path of [tree, link, outside]) rmSync(path, { recursive: true, force: true });
}
process.stdout.write(`lost ${lost} of ${rounds}\n`);
