/**
 * A shell for a person, beside a task's commands: a process of the task user, with a terminal of its own that `script`
 * makes for it. Nothing here needs a request of its own: the shell, and one process for all changes of its size, are spawns.
 */
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { shellWord } from "../../shared/shell-word.ts";
import { Bell } from "./bell.ts";
import { EngineError, type Shell, type ShellCommand, type ShellEnd, type TerminalSize } from "./engine.ts";
import type { Command, TaskAccount, TaskProcess } from "./task-account.ts";
import { copyOutput } from "./task-output.ts";
import { toolCommand } from "./user-tool.ts";

type ShellProcess = TaskProcess & { readonly input: Socket };

/** -p: what the task's variables would have bash read or define is left alone. */
const bash = ["/bin/bash", "--norc", "--noprofile", "-p", "-c"];
/**
 * A program gets a pipe: with a socket as stdin `script` of macOS gives up, and bash reads ~/.bashrc. The pipe's writer is no
 * child of the program: `script` of Linux waits for all of its own.
 */
const pipedLines = 'exec 5< <(exec /bin/cat 2>/dev/null); "$@" <&5 5<&-';
/** Says the terminal's name in its first line. $1: what SHELL was. */
const insideLines =
  '/usr/bin/tty; /bin/stty sane rows 24 columns 80; export SHELL="$1"; [[ -n $1 ]] || unset SHELL; shift; exec "$@"';
const sizeLines = 'while read -r rows columns; do /bin/stty rows "$rows" columns "$columns" <"$1"; done 2>/dev/null';

const TERMINAL_MS = 15_000;
const TERMINAL_BYTES = 256;
/** Whoever drags a window says a new size many times a second. */
const SIZE_MS = 100;

/** `script` of macOS takes an argv; the one of Linux gives a line to $SHELL and has to be told to pass the exit code on. */
function withTerminal(argv: readonly string[], ownShell: string, platform: NodeJS.Platform): string[] {
  const inside = [...bash, insideLines, "shell", ownShell, ...argv];
  if (platform === "darwin") return ["/usr/bin/script", "-q", "/dev/null", ...inside];
  return ["/usr/bin/script", "-q", "-e", "-c", inside.map(shellWord).join(" "), "/dev/null"];
}

/** What is spawned for a shell on this platform. */
export function shellCommand(
  { argv, terminal }: ShellCommand,
  env: Readonly<Record<string, string>>,
  platform: NodeJS.Platform = process.platform,
): Command {
  if (!terminal) return { argv: [...bash, pipedLines, "shell", ...argv], env };
  const script = withTerminal(argv, env["SHELL"] ?? "", platform);
  // The line is for a shell that reads no file and no variable first.
  return {
    argv: [...bash, pipedLines, "shell", ...script],
    env: { ...env, TERM: "xterm-256color", ...(platform === "darwin" ? {} : { SHELL: "/bin/sh" }) },
  };
}

/** The first line, taken out of the stream; null when there is none in time. */
async function firstLine(output: Readable): Promise<string | null> {
  const bell = new Bell(output);
  const until = performance.now() + TERMINAL_MS;
  let head = Buffer.alloc(0);
  while (head.length < TERMINAL_BYTES && performance.now() < until) {
    const chunk: Buffer | null = output.read();
    if (!chunk) {
      if (output.readableEnded || output.destroyed) return null;
      await bell.wait(until - performance.now());
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\n");
    if (end < 0) continue;
    if (end + 1 < head.length) output.unshift(head.subarray(end + 1));
    return head.toString("latin1", 0, end).trim();
  }
  return null;
}

export class TaskShell implements Shell {
  readonly #account: TaskAccount;
  readonly #process: ShellProcess;
  readonly #sizer: ShellProcess | null;
  #size: TerminalSize | null = null;
  #waiting: NodeJS.Timeout | null = null;

  private constructor(account: TaskAccount, process: ShellProcess, sizer: ShellProcess | null) {
    this.#account = account;
    this.#process = process;
    this.#sizer = sizer;
  }

  /** Throws EngineError. */
  static async open(
    account: TaskAccount,
    command: ShellCommand,
    env: Readonly<Record<string, string>>,
    graphical: boolean,
  ): Promise<TaskShell> {
    const process = await account.startWithInput({ ...shellCommand(command, env), graphical });
    if (!command.terminal) return new TaskShell(account, process, null);
    try {
      const terminal = await firstLine(process.output);
      if (terminal === null || !/^\/dev\/[A-Za-z0-9/]+$/.test(terminal)) {
        throw new EngineError("shell-failed", "No terminal could be made for a shell.");
      }
      const sizer = await account.startWithInput(toolCommand(account.user.home, sizeLines, "size", [terminal]));
      sizer.output.resume();
      return new TaskShell(account, process, sizer);
    } catch (error) {
      await new TaskShell(account, process, null).kill();
      throw error;
    }
  }

  get input(): Writable {
    return this.#process.input;
  }

  async copyOutput(sink: Writable): Promise<ShellEnd> {
    const { id, output, exited } = this.#process;
    const kill = async (): Promise<number> => {
      await this.#account.killProcess(id);
      return 0;
    };
    try {
      const { code, signal } = (await copyOutput({ source: output, sink, exited, kill })).exited;
      return { code, signal };
    } finally {
      await this.kill();
    }
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    if (!this.#waiting) this.#saySize();
  }

  #saySize(): void {
    this.#waiting = null;
    if (!this.#size || !this.#sizer || this.#sizer.input.destroyed) return;
    this.#sizer.input.write(`${this.#size.rows} ${this.#size.columns}\n`);
    this.#size = null;
    this.#waiting = setTimeout(() => this.#saySize(), SIZE_MS);
  }

  /** Kills the shell and what is in its process group; whatever else was on its terminal is hung up by the system. */
  async kill(): Promise<void> {
    if (this.#waiting) clearTimeout(this.#waiting);
    for (const process of [this.#process, this.#sizer]) {
      if (!process) continue;
      process.input.destroy();
      if (!this.#account.lost.aborted) await this.#account.killProcess(process.id);
      process.output.destroy();
    }
  }
}
