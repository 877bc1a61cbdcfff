/** `audit verify` and `audit show`: the audit log, read without rights. As root the starter has opened its files. */
import { createReadStream } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { basename } from "node:path";
import { BrokenChain, Chain } from "../audit/chain.ts";
import { parseEntry } from "../audit/entry.ts";
import { type LogLine, logLines } from "../audit/log-lines.ts";
import { asJson, readable } from "../audit/show.ts";
import { UserFilter } from "../audit/user-filter.ts";
import type { Context } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";
import { instancesThere, isInstance } from "./instances.ts";
import { whyUnreadable } from "./open-file.ts";
import { places } from "./places.ts";
import { rootNeeded } from "./root-needed.ts";

const batchSize = 64 * 1024;

function usage(problem: string): CommandError {
  return new CommandError(exitStatus.usage, `${problem}; see './taskcluster-worker audit --help'`);
}

/** The files to be read, older ones first. */
async function filesOf({ arguments: { operands, values }, argv, launch }: Context): Promise<string[]> {
  const [, ...named] = operands;
  const instance = values.get("instance") ?? "default";
  if (!isInstance(instance)) throw usage(`"${instance}" is no instance name`);
  if (named.length > 0 && values.has("instance")) throw usage("name files or an instance, not both");
  if (named.length > 0) return named;
  if (launch.lifeline === null) throw rootNeeded("only root can read the audit log", argv, process.cwd());
  const files = [...launch.files.keys()];
  if (files.length > 0) return files;
  const names = await readdir(places(process.platform, "default", homedir()).helperLogs).catch(() => []);
  const what = `the instance ${instance} has no audit log`;
  throw new CommandError(exitStatus.usage, `${what}; ${instancesThere("instances with logs", names)}`);
}

async function* linesOf({ launch }: Context, path: string): AsyncGenerator<LogLine> {
  try {
    const fd = launch.files.get(path) ?? (await open(path, "r"));
    yield* logLines(createReadStream(path, { fd }));
  } catch (error) {
    throw new CommandError(exitStatus.usage, whyUnreadable(path, error));
  }
}

async function verify(context: Context, files: readonly string[]): Promise<ExitStatus> {
  const { arguments: parsed, say } = context;
  const wanted = parsed.values.get("head");
  if (wanted !== undefined && !/^[0-9a-f]{64}$/.test(wanted)) throw usage("--head takes 64 hexadecimal digits");
  const chain = new Chain(wanted);
  for (const file of files) {
    chain.begin(file);
    for await (const line of linesOf(context, file)) chain.follow(line);
  }
  const { entries, head, beginsLate, lost, behindWanted } = chain.end();
  const [first = ""] = files;
  const ownRotated = parsed.operands.length > 1 || basename(first).endsWith(".1");
  if (beginsLate && !ownRotated)
    throw new BrokenChain(`${first}, line 1: it follows on from ${first}.1, which is gone`);
  if (wanted !== undefined && behindWanted === undefined) {
    throw new BrokenChain(
      `${files.at(-1)}: no line has the hash ${wanted}: lines were cut off at the end, or all replaced`,
    );
  }
  const notes = [
    ...(beginsLate ? ["what came before the first line is not here"] : []),
    ...(lost > 0 ? [`${lost} entries could not be written, and the log says where`] : []),
    behindWanted === undefined
      ? "lines cut off at the end would show only with --head and the hash that the agent logged last"
      : `${behindWanted} entries are newer than the given head`,
  ];
  await say.out(`intact: ${entries} entries, head ${head}; ${notes.join("; ")}\n`);
  return exitStatus.completed;
}

async function show(context: Context, files: readonly string[]): Promise<ExitStatus> {
  const { arguments: parsed, say } = context;
  const user = parsed.values.get("user");
  const filter = user === undefined ? undefined : new UserFilter(user);
  const text = parsed.flags.has("json") ? asJson : readable;
  let batch = "";
  for (const file of files) {
    let number = 0;
    for await (const { bytes } of linesOf(context, file)) {
      number += 1;
      if (bytes?.length === 0) continue; // Before the first entry behind a gap.
      const entry = bytes && parseEntry(bytes);
      if (!entry) say.step(`${file}, line ${number}: no entry`);
      else if (!filter || filter.matches(entry)) batch += text(entry);
      if (batch.length < batchSize) continue;
      await say.out(batch);
      batch = "";
    }
  }
  await say.out(batch);
  return exitStatus.completed;
}

/** Verify ends with `failed` when the log is not as the helper wrote it. */
export async function audit(context: Context): Promise<ExitStatus> {
  const { operands, values, flags } = context.arguments;
  const [action = ""] = operands;
  if (action !== "verify" && action !== "show") throw usage(`"${action}" is neither verify nor show`);
  if (action === "show" && values.has("head")) throw usage("--head is for verify");
  if (action === "verify" && (values.has("user") || flags.has("json"))) throw usage("--user and --json are for show");
  const files = await filesOf(context);
  if (action === "show") return show(context, files);
  try {
    return await verify(context, files);
  } catch (error) {
    if (error instanceof BrokenChain) throw new CommandError(exitStatus.failed, error.message);
    throw error;
  }
}
