/**
 * The code as the bench runs it, in a directory of its own that only root can write to: `checkout/` is the TypeScript as
 * it is, `installed/` the helper as a release has it, without types and under --jitless.
 * `direct/` is that with a command's output at the socket itself, as on a Mac: no relay stands between.
 */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { stateRoot } from "../../helper/places.ts";
import { stage } from "../../helper/stage.ts";
import { sourcesOf } from "../../launchd/release/contents.ts";
import { writeFiles } from "../../launchd/release/write.ts";

const root = dirname(dirname(import.meta.dirname));

export interface StagedForms {
  readonly node: string;
  /** The checkout's code, `test/bench/` with it. */
  readonly checkout: string;
  /** The helper and what it imports, without types. */
  readonly installed: string;
  /** The same, without the relay that Linux needs. */
  readonly direct: string;
  remove(): void;
}

const relayed = 'as.output && process.platform !== "darwin" ? "relay" : "direct"';

function withoutRelay(installed: string): void {
  const file = join(installed, "helper/spawn.js");
  const source = readFileSync(file, "utf8");
  if (!source.includes(relayed)) throw new Error(`${file} does not choose between relay and socket as it did`);
  writeFileSync(file, source.replace(relayed, '"direct"'));
}

function copyInstalled(to: string): void {
  writeFiles(
    to,
    ["helper", "shared"].flatMap((folder) => sourcesOf(root, folder)),
  );
  cpSync(join(root, "package.json"), join(to, "package.json"));
}

function copyCheckout(to: string, modules: string): void {
  for (const part of ["agent", "helper", "shared", "launchd", "test/bench", "test/dscl/dscl", "package.json"]) {
    cpSync(join(root, part), join(to, part), { recursive: true });
  }
  symlinkSync(modules, join(to, "node_modules"));
}

/** As root. */
export async function stageForms(): Promise<StagedForms> {
  const before = process.umask(0o022);
  try {
    mkdirSync(`${stateRoot}/staged`, { recursive: true });
    mkdirSync(`${stateRoot}/private`, { recursive: true, mode: 0o700 });
    const { node, code } = await stage(root, process.execPath, `${stateRoot}/staged`);
    const top = mkdtempSync(`${stateRoot}/bench-`);
    chmodSync(top, 0o755); // The agent must get through.
    const [checkout, installed, direct] = [join(top, "checkout"), join(top, "installed"), join(top, "direct")];
    copyCheckout(checkout, realpathSync(join(code, "node_modules")));
    copyInstalled(installed);
    copyInstalled(direct);
    withoutRelay(direct);
    return { node, checkout, installed, direct, remove: () => rmSync(top, { recursive: true, force: true }) };
  } finally {
    process.umask(before);
  }
}
