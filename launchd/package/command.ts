/** `package`: a release of this checkout. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { Refusal, type Status } from "../refusal.ts";
import { manifestName } from "../release/manifest.ts";
import { isPlatform, type Platform, platforms } from "../release/platform.ts";
import { buildPackages, buildUnpacked } from "./build.ts";

/** 2026-01-01T00:00:00Z: when something was packed would make two packages of the same files differ. */
const constantTime = 1_767_225_600;
const defaultPlatform: Platform = "darwin-arm64";

/** The time of everything in a package, in seconds since 1970, as those who build many packages ask for it. */
export function sourceTime(text: string | undefined): number {
  if (text === undefined) return constantTime;
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new Refusal(exitStatus.usage, `SOURCE_DATE_EPOCH is "${text}": give the seconds since 1970, or unset it`);
}

function askedPlatform(name: string = defaultPlatform): Platform {
  if (isPlatform(name)) return name;
  throw new Refusal(exitStatus.usage, `there is no platform "${name}": name one of ${platforms.join(", ")}`);
}

function thisCheckout(): string {
  const checkout = dirname(dirname(import.meta.dirname));
  if (!existsSync(join(checkout, manifestName))) return checkout;
  throw new Refusal(exitStatus.usage, `${checkout} is a release: make another one from a checkout`);
}

/** Prints the path of each thing that it has made. */
export async function packageRelease({ operands, values, flags }: Arguments): Promise<Status> {
  const directory = resolve(operands[0] ?? ".");
  const node = values.get("node");
  const mtime = sourceTime(process.env["SOURCE_DATE_EPOCH"]);
  const platform = askedPlatform(values.get("platform"));
  const plan = { checkout: thisCheckout(), platform, node: node === undefined ? null : resolve(node) };
  if (plan.node === null) {
    const warning = "its Node is the npm build, which a third party publishes; --node names the official one";
    process.stderr.write(`taskcluster-worker: ${warning}\n`);
  }
  const made = flags.has("unpacked") ? [buildUnpacked(plan, directory)] : buildPackages(plan, directory, mtime);
  process.stdout.write(made.map((path) => `${path}\n`).join(""));
  return exitStatus.completed;
}
