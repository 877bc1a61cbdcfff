/** The commands that launchd/main.ts has: what the machine is made to be, and what it is. Data for parsers and pages. */
import type { Grammar, Option } from "./grammar.ts";

export interface RootCommand {
  readonly grammar: Grammar;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Refused with 77 for anybody else. */
  readonly needsRoot: boolean;
}

const plan: Readonly<Record<string, Option>> = {
  plan: { help: "say what would be done, and why, and do nothing" },
  json: { help: "with --plan: one JSON object" },
};

const node: Readonly<Record<string, Option>> = {
  node: {
    value: "FILE",
    help: "Node's official build: the archive or its program (default: the npm build, with a warning)",
  },
  "node-sha256": { value: "HEX", help: "the checksum of FILE, as published beside it" },
};

export const rootCommands = {
  install: {
    grammar: {
      command: "install",
      operands: [],
      options: {
        ...plan,
        "agent-user": { value: "NAME", help: "the account that logs in by itself: the worker runs in its session" },
        headless: { help: "no session: the worker is a system job of an account of its own" },
        config: { value: "FILE", help: "settings of the worker, copied to where there are none yet" },
        "max-run-time": { value: "SECONDS", help: "how long a stop waits for the tasks that run (default: 86400)" },
        volume: { value: "SIZE", help: "an APFS volume for the homes, of at most SIZE, such as 200g" },
        ...node,
      },
    },
    summary: "install the worker on this Mac, or go on with an installation that was interrupted (needs root)",
    needsRoot: true,
  },
  upgrade: {
    grammar: { command: "upgrade", operands: [], options: { ...plan, ...node } },
    summary:
      "let the installed worker finish its tasks, switch to this version, and back when it does not come up (needs root)",
    needsRoot: true,
  },
  uninstall: {
    grammar: {
      command: "uninstall",
      operands: [],
      options: { ...plan, purge: { help: "remove the configuration, the logs and the volume too" } },
    },
    summary: "remove what install has made, and look that nothing is left (needs root)",
    needsRoot: true,
  },
  package: {
    grammar: {
      command: "package",
      operands: ["DIR"],
      options: {
        platform: { value: "NAME", help: "darwin-arm64 (the default), darwin-x64, linux-arm64 or linux-x64" },
        node: { value: "FILE", help: "the program of Node's official build (default: the npm build, with a warning)" },
        unpacked: { help: "write the release itself, as a directory, and no package of it" },
      },
      choices: { NAME: ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"] },
    },
    summary: "make a release of this checkout in DIR: an installer package for a Mac, an archive, and their checksums",
    needsRoot: false,
  },
  doctor: {
    grammar: {
      command: "doctor",
      operands: [],
      options: {
        json: { help: "one JSON document" },
        strict: { help: "end with 1 for a warning too" },
      },
    },
    summary: "look for whatever could be wrong with this machine, and say what mends it; only root can ask everything",
    needsRoot: false,
  },
  profile: {
    grammar: {
      command: "profile",
      operands: [],
      options: {
        "team-id": {
          value: "TEAM",
          help: "the Apple developer team that has signed Node: ten capital letters and digits",
        },
        node: { value: "PATH", help: "Node's program on the Macs (default: where install puts that of this release)" },
      },
    },
    summary:
      "print a configuration profile for a management system: it lets the helper delete accounts, and keeps both jobs on",
    needsRoot: false,
  },
} as const satisfies Readonly<Record<string, RootCommand>>;

export type RootCommandName = keyof typeof rootCommands;
