/** Node's official build: checked against its published checksum and, on a Mac, its signature, before anything of it runs. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import { Refusal } from "../refusal.ts";
import { hashFile } from "../release/hash-file.ts";

/** Of the Node.js Foundation, as Apple has given it out. */
const teamId = "HX7739G8FX";
/** Of root, and nobody can rename or remove there what is another's. TMPDIR may be a directory of whoever calls sudo. */
const stickyDirectory = "/var/tmp";
const programBytes = 512 * 1024 * 1024;

function isArchive(file: string): boolean {
  const head = Buffer.alloc(2);
  const descriptor = openSync(file, "r");
  readSync(descriptor, head);
  closeSync(descriptor);
  return head.readUInt16BE() === 0x1f8b;
}

/** The checksum that launchd/node.sha256 has for a file's name. */
function knownChecksum(list: string, name: string): string | undefined {
  const lines = existsSync(list) ? readFileSync(list, "utf8").split("\n") : [];
  return lines.map((line) => /^([0-9a-f]{64})\s+(\S+)$/.exec(line)).find((found) => found?.[2] === name)?.[1];
}

function checkSignature(program: string): void {
  const requirement = `=anchor apple generic and certificate leaf[subject.OU] = "${teamId}"`;
  const { status: exit, stderr } = spawnSync(
    "/usr/bin/codesign",
    ["--verify", "--strict", "-R", requirement, program],
    {
      ...{ cwd: "/", env: {}, encoding: "utf8" },
    },
  );
  if (exit === 0) return;
  throw new Refusal(exitStatus.misconfigured, `${program} is not signed by the Node.js Foundation: ${stderr.trim()}`);
}

export interface NodeBuild {
  /** The program itself. */
  readonly program: string;
  /** Removes the copy. */
  forget(): void;
}

export interface NodeBuildOptions {
  readonly file: string;
  /** As typed; the known one of launchd/node.sha256 otherwise. */
  readonly sha256: string | undefined;
  /** launchd/node.sha256. */
  readonly list: string;
}

/** Throws Refusal when the file is not what its checksum says, or none is known. */
export function checkedNode({ file, sha256, list }: NodeBuildOptions): NodeBuild {
  const given = resolve(file);
  if (!existsSync(given))
    throw new Refusal(exitStatus.usage, `there is no ${file}: name the archive or the program of Node`);
  // Root: whoever owns the file could change it between its checksum and its use, so both are of a copy that only root has.
  const folder = mkdtempSync(join(stickyDirectory, "node-build-"));
  const forget = (): void => rmSync(folder, { recursive: true });
  try {
    const path = join(folder, basename(given));
    copyFileSync(given, path);
    const found = hashFile(path);
    const wanted = sha256?.toLowerCase() ?? knownChecksum(list, basename(path));
    if (wanted === undefined) {
      const how = "compare it with SHASUMS256.txt of nodejs.org, which lists the archives, and add --node-sha256";
      throw new Refusal(exitStatus.usage, `no checksum of ${basename(path)} is known here; it is ${found}: ${how}`);
    }
    if (found !== wanted)
      throw new Refusal(exitStatus.misconfigured, `${file} has the checksum ${found}, not ${wanted}: do not use it`);
    const program = isArchive(path) ? unpack(path, folder) : path;
    if (process.platform === "darwin") checkSignature(program);
    return { program, forget };
  } catch (error) {
    forget();
    throw error;
  }
}

/** Root: the archive is the one whose checksum was right, and only one file of it is written, in a directory of root alone. */
function unpack(archive: string, folder: string): string {
  const name = basename(archive).replace(/\.tar\.gz$/, "");
  const { status: exit, stdout } = spawnSync("/usr/bin/tar", ["-xzOf", archive, `${name}/bin/node`], {
    ...{ cwd: "/", env: { PATH: "/usr/bin:/bin" }, maxBuffer: programBytes, stdio: ["ignore", "pipe", "ignore"] },
  });
  if (exit !== 0)
    throw new Refusal(
      exitStatus.usage,
      `${archive} holds no ${name}/bin/node: keep the name that it was published under`,
    );
  const program = join(folder, "node.unpacked");
  writeFileSync(program, stdout, { mode: 0o755 });
  return program;
}
