/**
 * The launcher, `installer`, `pkgutil` and `lsbom` for the probes that install, on a Mac in a folder: installing and removing
 * are the installer's own code, the rest are a line each. `node installable.ts FOLDER PROGRAM ARGV…`
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildPackages } from "../../launchd/package/build.ts";
import { FakeMac } from "../launchd/install/mac.ts";
import { readBom } from "../launchd/package/bom-reader.ts";
import { programFor } from "../launchd/package/programs.ts";
import { makeFakeNode, makeSmallCheckout } from "../launchd/release/small-checkout.ts";

const [folder = "", program = "", ...argv] = process.argv.slice(2);
const mac = FakeMac.at(folder);
const bsdtar = programFor("bsdtar", "libarchive-tools").path;
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
/** What a test has put there, to have a thing go wrong. */
const broken = (what: string): boolean => existsSync(join(folder, "broken", what));

async function launcher(command = "", ...words: string[]): Promise<number> {
  switch (command) {
    case "install":
    case "uninstall": {
      if (broken(command)) return 70;
      const { status, out, lines } = await mac.command([command, ...words].join(" "));
      process.stdout.write(out);
      process.stderr.write(lines.map((line) => `${line}\n`).join(""));
      return status;
    }
    case "doctor":
      say(JSON.stringify({ checks: [{ id: "sleep", result: "warn", what: "it sleeps" }] }));
      return 0;
    case "queue":
      say("export TASKCLUSTER_ROOT_URL=http://127.0.0.1:1\nexport TASKCLUSTER_WORKER_POOL_ID=local/macosx");
      say("export TASKCLUSTER_WORKER_ID='a mac'");
      await new Promise((resolve) => process.once("SIGTERM", resolve));
      return 0;
    case "submit":
      return process.env["TASKCLUSTER_ROOT_URL"] === "http://127.0.0.1:1" ? 0 : 1;
    case "run-task":
      return existsSync(words[0] ?? "") ? 0 : 66;
    case "package": {
      const checkout = join(folder, "checkout");
      makeSmallCheckout(checkout);
      const node = makeFakeNode(folder, "darwin-arm64");
      for (const path of buildPackages({ checkout, platform: "darwin-arm64", node }, words[0] ?? "", 0)) say(path);
      return 0;
    }
    default:
      return 64;
  }
}

async function pkgutil(option = "", file = "", to = ""): Promise<number> {
  switch (option) {
    case "--expand":
      mkdirSync(to);
      execFileSync(bsdtar, ["-xf", file, "-C", to]);
      return 0;
    case "--payload-files": {
      const payload = execFileSync(bsdtar, ["-xOf", file, "worker.pkg/Payload"], { maxBuffer: 2 ** 26 });
      const names = execFileSync(bsdtar, ["-tf", "-"], { input: payload, encoding: "utf8" });
      process.stdout.write(names.replaceAll(/\/$/gm, ""));
      return 0;
    }
    case "--pkg-info":
      return existsSync(mac.layout.package) || broken("forget") ? 0 : 1;
    default:
      return 64;
  }
}

function installer(): number {
  mkdirSync(dirname(mac.layout.package), { recursive: true });
  cpSync(mac.release("1.0.0"), mac.layout.package, { recursive: true });
  return 0;
}

function lsbom(file = ""): number {
  const paths = [...readBom(readFileSync(file)).paths.keys()].map((path) => (path === "." ? path : `./${path}`));
  say((broken("bom") ? paths.slice(1) : paths).join("\n"));
  return 0;
}

const programs: Readonly<Record<string, () => number | Promise<number>>> = {
  launcher: () => launcher(...argv),
  pkgutil: () => pkgutil(...argv),
  installer,
  lsbom: () => lsbom(argv.at(-1)),
};
process.exitCode = (await programs[basename(program)]?.()) ?? 64;
