/** From the words of the command line to an exit status. The commands load their own code when they run. */
import { helpLines } from "../../shared/grammar.ts";
import { workerVersion } from "../host.ts";
import { messageOf } from "../thrown.ts";
import { parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { didYouMean } from "./did-you-mean.ts";
import { CommandError, type ExitStatus, exitStatus, exitStatusLines } from "./exit-status.ts";
import { watchInterrupts } from "./interrupts.ts";
import { takeLaunch } from "./launch.ts";
import { createSay, flush, type Say } from "./say.ts";

function help(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(21)}${summary}`);
  return [
    "A Taskcluster worker for macOS: every task runs in a user account of its own.",
    "",
    "usage: ./taskcluster-worker COMMAND [options]",
    ...lines,
    `  ${"--help, --version".padEnd(21)}this text; the version`,
    "",
    "./taskcluster-worker COMMAND --help tells more about one command. To begin with:",
    "  sudo ./taskcluster-worker run-task examples/hello.yml",
    "",
    "exit status:",
    ...exitStatusLines(),
    "",
  ].join("\n");
}

function commandOf(name: string): Command | undefined {
  return Object.hasOwn(commands, name) ? commands[name] : undefined;
}

async function dispatch(argv: readonly string[], say: Say): Promise<ExitStatus> {
  const launch = takeLaunch(process.env);
  if (process.geteuid?.() === 0) {
    const what = "the agent never runs as root; start it through ./taskcluster-worker, which gives root up first";
    throw new CommandError(exitStatus.notRoot, what);
  }
  const [name = "", ...rest] = argv;
  if (name === "--version" || name === "--short-version") {
    await say.out(
      name === "--version" ? `taskcluster-worker ${workerVersion()} (macosx engine)\n` : `${workerVersion()}\n`,
    );
    return exitStatus.completed;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    await say.out(help());
    return exitStatus.completed;
  }
  const command = commandOf(name);
  if (!command) {
    const what = name === "" ? "a command is missing" : `there is no command "${name}"`;
    const hint = name === "" ? "" : didYouMean(name, Object.keys(commands));
    throw new CommandError(exitStatus.usage, `${what}${hint}; see './taskcluster-worker --help'`);
  }
  const parsed = parseArguments(command.grammar, rest);
  if (parsed.flags.has("help")) {
    await say.out([...helpLines(command.grammar), "", command.summary, ""].join("\n"));
    return exitStatus.completed;
  }
  await throughProxies(process.env);
  const interrupts = watchInterrupts(launch);
  const run = await command.load();
  return run({ argv, arguments: parsed, env: process.env, launch, say, interrupts });
}

/** Most machines have no proxy, and need not load what it takes. */
async function throughProxies(env: NodeJS.ProcessEnv): Promise<void> {
  if (!Object.keys(env).some((name) => /^https?_proxy$/i.test(name))) return;
  const { ProxyError, useProxies } = await import("../queue/connections.ts");
  try {
    useProxies(env);
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    throw new CommandError(exitStatus.misconfigured, error.message);
  }
}

/** Runs a command line and says what went wrong, never with a stack trace. */
export async function main(argv: readonly string[]): Promise<ExitStatus> {
  const say = createSay(process.stdout, process.stderr, process.env);
  const internal = commandOf(argv[0] ?? "")?.internal ?? exitStatus.internal;
  // Whatever nobody caught: the connections close with us, and the helper then reaps what we had.
  process.on("uncaughtException", (error) => {
    say.error(`this is our fault, please report it: ${messageOf(error)}`);
    process.exit(internal);
  });
  let status: ExitStatus;
  try {
    status = await dispatch(argv, say);
  } catch (error) {
    const known = error instanceof CommandError;
    status = known ? error.status : internal;
    const text = messageOf(error);
    say.error(known ? text : `this is our fault, please report it: ${text}`);
  }
  await flush(process.stdout, process.stderr);
  return status;
}
