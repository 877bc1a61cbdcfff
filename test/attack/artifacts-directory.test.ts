import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsRoot } from "../root.ts";
import { rounds } from "./rounds.ts";

/** Swaps the directory and the hard link with renameat2(EXCHANGE) until it is ended. */
const swap = '$| = 1; print "up\\n"; while (1) { syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2) }';
const makeOften = `const [module, directory] = process.argv.slice(1);
  const { makeArtifacts } = await import(module);
  process.exit = () => { throw new Error("refused") };
  process.stderr.write = () => true;
  for (const end = Date.now() + 400; Date.now() < end; ) try { makeArtifacts(directory, 64001) } catch {}`;
/** The same once, with the swap right behind root's look into the directory. */
const makeBehind = `import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const [module, directory, link] = process.argv.slice(1);
  const look = fs.readdirSync;
  fs.readdirSync = (...words) => {
    const found = look(...words);
    fs.renameSync(directory, directory + "-aside");
    fs.renameSync(link, directory);
    return found;
  };
  syncBuiltinESMExports();
  const { makeArtifacts } = await import(module);
  try { makeArtifacts(directory, 64001) } catch (error) { process.stdout.write(error.code) }`;

test("an agent swaps it right behind root's look: root gives away nothing", { skip: needsRoot }, (t) => {
  const folder = mkdtempSync("/tmp/swap-");
  t.after(() => rmSync(folder, { recursive: true }));
  const [named, link, canary] = [join(folder, "results"), join(folder, "link"), join(folder, "canary")];
  mkdirSync(named);
  writeFileSync(canary, "root's", { mode: 0o600 });
  linkSync(canary, link);
  const module = join(import.meta.dirname, "../../helper/command-line.ts");
  const argv = ["--input-type=module", "-e", makeBehind, module, named, link];
  const { stdout } = spawnSync(process.execPath, argv, { timeout: 60_000, encoding: "utf8" });
  assert.deepEqual([lstatSync(canary).uid, stdout], [0, "ENOTDIR"]);
});

test("an agent swaps the folder for artifacts, in a directory of its own, for a hard link to a file of root's: the file stays root's", {
  skip: needsRoot,
}, async (t) => {
  const folder = mkdtempSync("/tmp/swap-");
  const [named, link, canary] = [join(folder, "results"), join(folder, "link"), join(folder, "canary")];
  mkdirSync(named);
  writeFileSync(canary, "root's", { mode: 0o600 });
  linkSync(canary, link); // A Mac lets the agent make this itself.
  chownSync(folder, 64_000, 64_000);
  const racer = spawn("/usr/bin/perl", ["-e", swap, named, link], { stdio: ["ignore", "pipe", "ignore"] });
  await once(racer.stdout, "data");
  t.after(async () => {
    const gone = once(racer, "exit");
    racer.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true });
  });
  const module = join(import.meta.dirname, "../../helper/command-line.ts");
  for (let round = 0; round < rounds; round += 1) {
    const argv = ["--input-type=module", "-e", makeOften, module, named];
    const made = spawnSync(process.execPath, argv, { timeout: 60_000, encoding: "utf8" });
    assert.equal(made.status, 0, made.stderr);
    assert.equal(lstatSync(canary).uid, 0, `round ${round}: a file of root's was given away`);
  }
});
