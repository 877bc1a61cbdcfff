/** A directory that looks like a Mac's root to an installation, with tools that behave as a Mac's do. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { stateRoot } from "../../../helper/places.ts";
import { parseArguments } from "../../../launchd/arguments.ts";
import { install } from "../../../launchd/install/install.ts";
import { Machine, macTools, type Tool } from "../../../launchd/install/machine.ts";
import type { Observer } from "../../../launchd/install/runner.ts";
import { uninstall } from "../../../launchd/install/uninstall.ts";
import { upgrade } from "../../../launchd/install/upgrade.ts";
import { layoutOf, packageId } from "../../../launchd/layout.ts";
import { Refusal, type Status } from "../../../launchd/refusal.ts";
import { hashFile } from "../../../launchd/release/hash-file.ts";
import { manifestName, renderManifest } from "../../../launchd/release/manifest.ts";
import { rootCommands } from "../../../shared/root-commands.ts";

/** Where only root can write, down from `/`. */
const place = `${stateRoot}/private`;
const commands = { install, upgrade, uninstall } as const;
const quiet: Observer = { begin: () => {}, end: () => {} };
const settings = "rootURL: https://tc.example.com\naccessToken: a-secret\n";

export interface Said {
  /** The exit status. */
  readonly status: Status;
  readonly out: string;
  readonly lines: readonly string[];
}

/** Each thing below a directory with all that an installation could change of it. */
export type Tree = Readonly<Record<string, string>>;

export function treeOf(top: string): Tree {
  const paths = readdirSync(top, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const full = join(top, path);
      const stats = lstatSync(full);
      const what = stats.isFile()
        ? createHash("sha256").update(readFileSync(full)).digest("hex")
        : stats.isSymbolicLink()
          ? `-> ${readlinkSync(full)}`
          : "directory";
      return [path, `${stats.uid}:${stats.gid} ${(stats.mode & 0o7777).toString(8)} ${what}`];
    }),
  );
}

export class FakeMac {
  readonly folder: string;
  readonly root: string;
  /** The same places as on a Mac, below `root`. */
  readonly layout: ReturnType<typeof layoutOf>;

  private constructor(folder: string) {
    this.folder = folder;
    this.root = join(folder, "mac");
    this.layout = layoutOf(this.root);
  }

  static make(): FakeMac {
    mkdirSync(place, { recursive: true, mode: 0o700 });
    const mac = new FakeMac(mkdtempSync(join(place, "install-")));
    process.umask(0o022);
    for (const path of [
      ...["Library/Application Support", "Library/Logs", "Library/LaunchDaemons", "Library/LaunchAgents"],
      ...["private/etc/newsyslog.d", "private/var/db", "Users"],
    ]) {
      mkdirSync(join(mac.root, path), { recursive: true });
    }
    writeFileSync(join(mac.root, "Library/LaunchDaemons/com.example.plist"), "somebody else's");
    for (const path of ["tools", "memory/loaded", "memory/sessions", "releases"]) {
      mkdirSync(join(mac.folder, path), { recursive: true });
    }
    const program = join(mac.folder, "tools/tool");
    copyFileSync(join(import.meta.dirname, "tool"), program);
    chmodSync(program, 0o755);
    for (const tool of Object.keys(macTools)) linkSync(program, join(mac.folder, "tools", tool));
    for (const name of ["log", "fail", "members", "mute", "packages", "unending"]) mac.remember(name, "");
    mac.remember("accounts", "root 0\nci 501\n");
    mac.remember("living", `${process.pid}`);
    mac.remember("sessions/501", "");
    writeFileSync(join(mac.folder, "worker.yml"), settings);
    return mac;
  }

  /** The one in this folder. */
  static at(folder: string): FakeMac {
    return new FakeMac(folder);
  }

  /** Another Mac that is as this one is now. */
  copy(): FakeMac {
    const folder = mkdtempSync(join(place, "install-"));
    const { status } = spawnSync("/bin/cp", ["-a", `${this.folder}/.`, folder]);
    if (status !== 0) throw new Error("the Mac cannot be copied");
    const mac = new FakeMac(folder);
    mac.remember("living", `${process.pid}`);
    return mac;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  remember(name: string, text: string): void {
    writeFileSync(join(this.folder, "memory", name), text);
  }

  memory(name: string): string {
    return readFileSync(join(this.folder, "memory", name), "utf8");
  }

  has(name: string): boolean {
    return existsSync(join(this.folder, "memory", name));
  }

  /** Command lines that begin so end with this status from now on. */
  failAt(status: number | "killed", line: string): void {
    appendFileSync(join(this.folder, "memory/fail"), `${status} ${line}\n`);
  }

  /** From now on there is no such program. */
  lose(tool: Tool): void {
    rmSync(join(this.folder, "tools", tool));
  }

  /** An unpacked release of this version. */
  release(version: string): string {
    const path = join(this.folder, "releases", version);
    if (existsSync(path)) return path;
    const texts: Readonly<Record<string, string>> = {
      "bin/node": readFileSync(join(import.meta.dirname, "node"), "utf8"),
      "helper/agent-account.js": "// the stand-in for Node does what it does\n",
      "helper/main.js": `// ${version}\n`,
      "taskcluster-worker": "#!/bin/sh\n",
    };
    const files = Object.entries(texts).map(([name, text]) => {
      const full = join(path, name);
      mkdirSync(dirname(full), { recursive: true });
      const mode = /^(bin|taskc)/.test(name) ? 0o755 : 0o644;
      writeFileSync(full, text, { mode });
      return { path: name, mode, size: statSync(full).size, sha256: hashFile(full) } as const;
    });
    const node = { version: "26.10.0", source: "given" } as const;
    writeFileSync(join(path, manifestName), renderManifest({ version, platform: "darwin-arm64", node, files }));
    return path;
  }

  /** What macOS's installer does with a package of this version, but for its scripts. */
  unpackPackage(version = "1.0.0"): void {
    cpSync(this.release(version), this.layout.package, { recursive: true });
    this.remember("packages", `${packageId}\n`);
  }

  machine({ helloMs = 20_000 } = {}): Machine {
    const tools: Partial<Record<Tool, string>> = {};
    const name = (tool: string): tool is Tool => Object.hasOwn(macTools, tool);
    for (const tool of Object.keys(macTools)) if (name(tool)) tools[tool] = join(this.folder, "tools", tool);
    return new Machine({ root: this.root, tools: { ...macTools, ...tools }, pollMs: 1, helloMs });
  }

  /** One command as somebody types it. Rejects with what is not a sentence for people. */
  async command(line: string, { version = "1.0.0", observer = quiet, helloMs = 20_000 } = {}): Promise<Said> {
    const [name = "", ...words] = line
      .split(" ")
      .map((word) => word.replace("SETTINGS", join(this.folder, "worker.yml")));
    let out = "";
    const lines: string[] = [];
    const context = {
      ...{ machine: this.machine({ helloMs }), source: this.release(version), observer },
      out: (text: string): void => {
        out += text;
      },
      say: (text: string): number => lines.push(text),
    };
    const umask = process.umask(0o022);
    try {
      const isCommand = (name: string): name is keyof typeof commands => Object.hasOwn(commands, name);
      if (!isCommand(name)) throw new Error(`there is no command ${name}`);
      const status = await commands[name](context, parseArguments(rootCommands[name].grammar, words));
      return { status, out, lines };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, out, lines: [...lines, error.message] };
    } finally {
      process.umask(umask);
    }
  }

  tree(): Tree {
    return treeOf(this.root);
  }

  /** Everything that a Mac is after an installation and before: files, accounts, members, packages, loaded jobs. */
  state(): unknown {
    const loaded = readdirSync(join(this.folder, "memory/loaded")).sort();
    const volume = this.has("volume") ? this.memory("volume") : null;
    const lists = ["accounts", "members", "packages"].map((name) => this.memory(name));
    return { tree: this.tree(), loaded, volume, lists };
  }
}
