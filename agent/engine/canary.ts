/**
 * The isolation canary: before a task begins, its task user tries what no task may be able to do. One thing that works
 * is reason enough to run no task at all: the machine is not as it must be.
 */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { EngineError } from "./engine.ts";
import type { Command, TaskAccount } from "./task-account.ts";
import { replyOf, TOOL_IDLE_MS, toolCommand } from "./user-tool.ts";

const lines = readFileSync(new URL("./canary.sh", import.meta.url), "utf8");

export class Canary {
  readonly #socketPath: string;
  readonly #agentFiles: readonly string[];
  readonly #broken = new AbortController();

  /** `agentFiles`: files and directories that are the agent's alone. */
  constructor(socketPath: string, agentFiles: readonly string[]) {
    this.#socketPath = socketPath;
    this.#agentFiles = agentFiles;
  }

  /** Aborted by the first probe that fails; the reason is its EngineError. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /**
   * For each task: only its exit status is asked for, which takes a third of the time less. Where that is not 0 the probe
   * is made again, and says why. Throws as `probe` does.
   */
  async probeSilently(account: TaskAccount, others: readonly TaskAccount[]): Promise<void> {
    const tool = await account.startSilently(this.#command(account, others));
    const timer = setTimeout(() => void account.killProcess(tool.id).catch(() => {}), TOOL_IDLE_MS);
    const { code } = await tool.exited.finally(() => clearTimeout(timer));
    if (code !== 0) await this.probe(account, others);
  }

  /** Throws EngineError: `isolation-broken` names what could be done; others tell that the probe did not come to its end. */
  async probe(account: TaskAccount, others: readonly TaskAccount[]): Promise<void> {
    const { name } = account.user;
    const tool = await account.start(this.#command(account, others));
    const said = (await replyOf(account, tool, TOOL_IDLE_MS)).trimEnd().split("\n");
    const found = said.filter((line) => line !== "over" && line !== "");
    if (found.length > 0) {
      const message = `Tasks are not isolated on this machine: ${name} ${found.join("; ")}. Close that (chmod 600 for a file), then start again.`;
      const error = new EngineError("isolation-broken", message);
      this.#broken.abort(error);
      throw error;
    }
    // Its user was ended meanwhile, or the system had no process to give. No task runs, and the next one asks again.
    if (said[0] !== "over") throw new EngineError("helper-refused", `The isolation of ${name} could not be probed.`);
  }

  #command({ user: { uid, home } }: TaskAccount, others: readonly TaskAccount[]): Command {
    const foreign = others.flatMap(({ user }) => [dirname(user.home), user.home]);
    const args = [`${uid}`, `${process.pid}`, this.#socketPath, ...this.#agentFiles, ...foreign];
    return toolCommand(home, lines, "canary", args);
  }
}
