/**
 * What a task run needs from the machine: a task user, commands run as it, its files read as it, and its proven end.
 * The macosx engine (macosx.ts) keeps this contract on top of the helper; nothing outside this folder knows the helper.
 * Order for one task: builder → sandbox → result set → gone. Each step consumes the one before.
 */
import type { Readable, Writable } from "node:stream";
import type { Gone } from "../../shared/protocol/messages.ts";

export interface TaskUser {
  readonly name: string;
  readonly uid: number;
  /** Home, working directory and TASK_WORKDIR of the task. */
  readonly home: string;
}

/** Why no task user can be made. */
export interface NoUser {
  /** The same for each failure of a kind; the sentence may name a user. */
  readonly code: string;
  readonly message: string;
}

export interface Engine {
  /** Takes the warm task user or makes one. `signal` ends a wait for a free one with its reason. Throws EngineError. */
  newSandboxBuilder(signal?: AbortSignal): Promise<SandboxBuilder>;
  /** Aborted when the control connection is lost: every run then ends as worker-shutdown. */
  readonly lost: AbortSignal;
  /** Aborted when a task user could do what no task may: no task may begin on this machine. */
  readonly unsafe: AbortSignal;
  /**
   * Why the newest task user could not be made, tried again at times; null when it could, is being made for the first time,
   * or waits for one that lives. Never throws.
   */
  whyNoUser(): Promise<NoUser | null>;
  /** Whether root lets tasks have the screen. */
  readonly graphical: boolean;
  /** Whether a task user can use it now. Throws EngineError: `no-screen` when it cannot. */
  probeScreen(): Promise<void>;
  /** The directory that holds the homes; null before the first task user. */
  readonly homesDirectory: string | null;
  /** Deletes the warm user and closes the connection. Only after every sandbox is disposed. */
  dispose(): Promise<void>;
}

export type ArchiveKind = "zip" | "tar" | "tar.gz" | "gz";

export interface Archive {
  readonly kind: ArchiveKind;
  /** Of the one file that a `gz` holds, and for messages. */
  readonly name: string;
  /** An archive that holds more is refused: by its own account, or by what it takes on the disk. */
  readonly mostBytes: number;
  /** One that takes longer to unpack is refused, too; in milliseconds. */
  readonly mostMs: number;
}

export interface SandboxBuilder {
  readonly user: TaskUser;
  /** Throws EngineError `invalid-env-name`, or `naming-conflict` when the name is set already. */
  setEnvironmentVariable(name: string, value: string): void;
  /** Writes `body` to `<home>/<name>` by a process of the task user, then sets `mode`. Throws EngineError. */
  placeFile(file: { name: string; body: Readable; mode: 0o600 | 0o755 }): Promise<void>;
  /** Unpacks `body` into the home by processes of the task user. Throws EngineError, or the reason of `signal`. */
  unpack(archive: Archive, body: Readable, signal: AbortSignal): Promise<void>;
  /** Consumes the builder. */
  startSandbox(): Sandbox;
  dispose(): Promise<Gone>;
}

export interface CommandResult {
  /** Neither code nor signal: the command could not be started. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly userMs: number;
  readonly systemMs: number;
  readonly wallMs: number;
  /** `kill` ended it. */
  readonly aborted: boolean;
}

export interface Sandbox {
  readonly user: TaskUser;
  /**
   * Runs one command as the task user in its home; stdout and stderr go to `output` in the order they were written.
   * Resolves when the last byte is in `output`, which is left open and keeps no chunk behind its callback: the memory is
   * used again. With `env` these are its variables, in place of the task's. Throws EngineError when the helper fails, and
   * `no-screen` when a command of the graphics session ended without a code and the session is gone.
   */
  run(argv: readonly string[], output: Writable, env?: Readonly<Record<string, string>>): Promise<CommandResult>;
  /**
   * Starts a shell for a person, beside the commands and after them, in the home and with the variables of the commands;
   * not any more once `kill` or `finish` was called. Throws EngineError.
   */
  openShell(command: ShellCommand): Promise<Shell>;
  /** Kills every process of the task user; a command under way ends with `aborted`. Any number of calls. */
  kill(): Promise<void>;
  /** Kills what is left, counts it, and consumes the sandbox. */
  finish(): Promise<ResultSet>;
  dispose(): Promise<Gone>;
}

export interface ShellCommand {
  readonly argv: readonly string[];
  /** Whether it gets a terminal, and TERM; else its stdin is a pipe. */
  readonly terminal: boolean;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Neither code nor signal: the worker ended it. */
export interface ShellEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Shell {
  /** Stdin, until it is ended. It holds back when nobody reads. */
  readonly input: Writable;
  /** To be called once. Resolves when the shell has ended and its last byte is in `sink`, which is left open. */
  copyOutput(sink: Writable): Promise<ShellEnd>;
  /** No effect without a terminal, or in the wrong moment. */
  resize(size: TerminalSize): void;
  /** Any number of calls. Throws EngineError. */
  kill(): Promise<void>;
}

export interface TaskFile {
  /** Bytes, as seen when it was opened. */
  readonly size: number;
  /** Exactly `size` bytes, or an error: a file that changes, shrinks or vanishes meanwhile destroys the stream. */
  readonly body: Readable;
}

export interface ResultSet {
  /** Processes that outlived the last command. */
  readonly leftover: number;
  /** `path` is relative to the home or absolute; the task user itself opens it. Throws ResourceError. */
  openFile(path: string): Promise<TaskFile>;
  /** Relative slash paths of all that is no directory below `path`, in no order. Throws ResourceError. */
  listFolder(path: string): AsyncIterable<string>;
  dispose(): Promise<Gone>;
}

export type EngineErrorCode =
  | "invalid-env-name"
  | "naming-conflict"
  | "argv-too-long"
  | "no-free-user"
  | "helper-lost"
  | "helper-refused"
  | "isolation-broken"
  | "name-taken"
  | "archive-refused"
  | "place-failed"
  /** There is no room for a file on the disk of the homes. */
  | "homes-full"
  | "shell-failed"
  /** The graphics session is not there, or not for a task user. */
  | "no-screen";

export class EngineError extends Error {
  readonly code: EngineErrorCode;
  constructor(code: EngineErrorCode, message: string) {
    super(message);
    this.name = "EngineError";
    this.code = code;
  }
}

/** The queue's names for what can be wrong with a file that a task should have left. */
export type ResourceReason =
  | "file-missing-on-worker"
  | "invalid-resource-on-worker"
  | "too-large-file-on-worker"
  | "file-not-readable-on-worker";

export class ResourceError extends Error {
  readonly reason: ResourceReason;
  constructor(reason: ResourceReason, message: string) {
    super(message);
    this.name = "ResourceError";
    this.reason = reason;
  }
}
