/** `profile`: prints a configuration profile. */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { digestOfManifest } from "../install/source.ts";
import { layoutOf, versionDirectory } from "../layout.ts";
import { Refusal, type Status } from "../refusal.ts";
import { manifestName } from "../release/manifest.ts";
import { readManifest } from "../release/verify.ts";
import { renderProfile } from "./profile.ts";

function askedTeam(team: string | undefined): string {
  if (team !== undefined && /^[A-Z0-9]{10}$/.test(team)) return team;
  const found = team === undefined ? "--team-id is missing" : `${JSON.stringify(team)} is no team id`;
  throw new Refusal(
    exitStatus.usage,
    `${found}: name the ten capital letters and digits that 'codesign -dv' shows as TeamIdentifier of Node`,
  );
}

/** Where `install` puts the Node of this release. */
function ownNode(): string {
  const release = dirname(dirname(import.meta.dirname));
  if (!existsSync(join(release, manifestName))) {
    const { current } = layoutOf();
    throw new Refusal(
      exitStatus.usage,
      `${release} is a checkout, whose Node has no place yet: name it with --node PATH, as 'realpath ${current}/bin/node' says on a Mac`,
    );
  }
  const manifest = readManifest(release);
  return join(versionDirectory(layoutOf(), manifest.version, digestOfManifest(manifest)), "bin/node");
}

function askedNode(node: string | undefined): string {
  if (node === undefined) return ownNode();
  if (isAbsolute(node) && normalize(node) === node && !node.endsWith("/") && /^\P{Cc}+$/u.test(node)) return node;
  throw new Refusal(exitStatus.usage, `--node is ${JSON.stringify(node)}: name the program by its absolute path`);
}

export async function profile({ values }: Arguments): Promise<Status> {
  const [teamId, node] = [askedTeam(values.get("team-id")), askedNode(values.get("node"))];
  process.stdout.write(renderProfile({ teamId, node }));
  return exitStatus.completed;
}
