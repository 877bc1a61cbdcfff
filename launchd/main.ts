/**
 * The program behind `install` and the other commands of shared/root-commands.ts: most run as root, so that it imports,
 * as the helper, nothing of the agent or of npm. Each command's own code is loaded when it runs.
 */
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { exitStatus } from "../shared/exit-status.ts";
import { helpLines } from "../shared/grammar.ts";
import { type RootCommandName, rootCommands } from "../shared/root-commands.ts";
import { shellWord } from "../shared/shell-word.ts";
import { type Arguments, parseArguments } from "./arguments.ts";
import { Refusal, type Status } from "./refusal.ts";

/** Throws Refusal; anything else is our fault. */
export type Run = (given: Arguments) => Promise<Status>;

const programs: Readonly<Record<RootCommandName, () => Promise<Run>>> = {
  install: async () => (await import("./install/command.ts")).install,
  upgrade: async () => (await import("./install/command.ts")).upgrade,
  uninstall: async () => (await import("./install/command.ts")).uninstall,
  doctor: async () => (await import("./doctor/command.ts")).doctor,
  package: async () => (await import("./package/command.ts")).packageRelease,
  profile: async () => (await import("./profile/command.ts")).profile,
};

/** The line that does it as root, as somebody in the working directory types it. */
function sudoLine(argv: readonly string[]): string {
  const path = fileURLToPath(new URL("../taskcluster-worker", import.meta.url));
  const short = relative(process.cwd(), path);
  return ["sudo", short.startsWith(`..${sep}`) ? path : `./${short}`, ...argv].map(shellWord).join(" ");
}

const isCommand = (name: string): name is RootCommandName => Object.hasOwn(rootCommands, name);

async function dispatch(argv: readonly string[]): Promise<Status> {
  const [name = "", ...rest] = argv;
  if (!isCommand(name))
    throw new Refusal(exitStatus.usage, `there is no command "${name}"; see './taskcluster-worker --help'`);
  const { grammar, summary, needsRoot } = rootCommands[name];
  const given = parseArguments(grammar, rest);
  if (given.flags.has("help")) {
    process.stdout.write(`${[...helpLines(grammar), "", summary].join("\n")}\n`);
    return exitStatus.completed;
  }
  // Elsewhere a plan is for no machine that there is, and reads nothing of root's.
  const isForElsewhere = process.platform !== "darwin" && given.flags.has("plan");
  if (needsRoot && !isForElsewhere && process.geteuid?.() !== 0)
    throw new Refusal(exitStatus.notRoot, `${name} needs root: ${sudoLine(argv)}`);
  return (await programs[name]())(given);
}

async function main(argv: readonly string[]): Promise<Status> {
  try {
    return await dispatch(argv);
  } catch (error) {
    const known = error instanceof Refusal;
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`taskcluster-worker: ${known ? text : `this is our fault, please report it: ${text}`}\n`);
    return known ? error.status : exitStatus.internal;
  }
}

process.exitCode = await main(process.argv.slice(2));
