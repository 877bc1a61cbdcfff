/**
 * A process of a task user that opens one file after the other: what the task user may not open, nobody opens for it.
 * One process for many files, because starting one costs several times what reading a small file does.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { chunksOf } from "./bell.ts";
import { ResourceError, type ResourceReason } from "./engine.ts";
import type { TaskAccount, TaskProcess } from "./task-account.ts";
import { TOOL_IDLE_MS, toolCommand } from "./user-tool.ts";

/**
 * Reads a token and a path, each ended by a NUL, and says why there is nothing to read, or `file SIZE`, the bytes, and the
 * token: the file is the same as at the start. When it changed there is no token, and the process ends: how many bytes
 * came is not known then. Type and size are those of the open descriptor. Nothing that could block is opened.
 */
const readLines = `exec 2>/dev/null
if [[ $1 == darwin ]]; then look=(/usr/bin/stat -f '%z %Fm %Fc'); else look=(/usr/bin/stat -c '%s %.9Y %.9Z' -); fi
answer() {
  if [[ ! -e $path ]]; then
    case $( (exec 3<"$path") 2>&1) in *'Permission denied') echo forbidden ;; *) echo missing ;; esac
  elif [[ -d $path ]]; then
    echo directory
  elif [[ ! -f $path ]]; then
    echo special
  elif ! exec 3<"$path"; then
    echo forbidden
  elif [[ ! -f /dev/fd/3 ]]; then
    echo special
  else
    before=$("\${look[@]}" <&3)
    printf 'file %s\\n' "\${before%% *}"
    /bin/cat <&3 && [[ $("\${look[@]}" <&3) == "$before" ]] || exit 0
    printf %s "$token"
  fi
}
while IFS= read -r -d '' token && IFS= read -r -d '' path; do
  [[ $path == /* ]] || path=$HOME/$path
  answer
  exec 3<&-
done
`;

const HEADER_BYTES = 64;
/** A reader that is asked to end and does not is left to the end of its user. */
const END_MS = 2_000;

type Refusals = Readonly<Record<string, [ResourceReason, string]>>;

export interface OpenedFile {
  /** Bytes, as seen when it was opened. */
  readonly size: number;
  /** `size` bytes; throws when there are not as many, or when the file changed. */
  readonly bytes: AsyncGenerator<Buffer, void, undefined>;
}

export class FileReader {
  readonly #account: TaskAccount;
  readonly #process: Awaited<ReturnType<TaskAccount["startWithInput"]>>;
  readonly #chunks: AsyncGenerator<Buffer, void, undefined>;
  #unread: Buffer = Buffer.alloc(0);

  /** Throws EngineError. */
  static async start(account: TaskAccount): Promise<FileReader> {
    const command = toolCommand(account.user.home, readLines, "read", [process.platform]);
    return new FileReader(account, await account.startWithInput(command));
  }

  private constructor(account: TaskAccount, reader: Awaited<ReturnType<TaskAccount["startWithInput"]>>) {
    this.#account = account;
    this.#process = reader;
    this.#chunks = chunksOf(reader.output, TOOL_IDLE_MS);
    this.exited.catch(() => undefined); // Who waits for it is told; nobody may be waiting.
  }

  get exited(): TaskProcess["exited"] {
    return this.#process.exited;
  }

  /**
   * `path` is relative to the home or absolute, without a NUL. The bytes must be read to their end before the next file
   * is opened. Throws ResourceError for one of `refusals`; after any other error the reader is of no use.
   */
  async open(path: string, refusals: Refusals): Promise<OpenedFile> {
    const token = randomBytes(16).toString("hex");
    this.#process.input.write(`${token}\0${path}\0`);
    const line = await this.#line();
    const refusal = Object.hasOwn(refusals, line) ? refusals[line] : undefined;
    if (refusal) throw new ResourceError(...refusal);
    const size = Number(/^file (\d{1,15})$/.exec(line)?.[1] ?? Number.NaN);
    if (Number.isNaN(size)) throw new Error("its reader did not say what it is");
    return { size, bytes: this.#bytes(size, token) };
  }

  /** Ends the process and whatever it reads. */
  destroy(): void {
    this.#process.input.destroy();
    this.#process.output.destroy();
  }

  /** As `destroy`, for a process that may hang. Throws EngineError. */
  async kill(): Promise<void> {
    this.destroy();
    await this.#account.killProcess(this.#process.id);
  }

  /** Lets a reader between two files end by itself. */
  async end(): Promise<void> {
    this.#process.input.end();
    const late = new AbortController();
    await Promise.race([this.exited.catch(() => null), delay(END_MS, null, late).catch(() => null)]);
    late.abort();
    this.destroy();
  }

  async #next(): Promise<Buffer | null> {
    const unread = this.#unread;
    this.#unread = Buffer.alloc(0);
    if (unread.length > 0) return unread;
    const { done, value } = await this.#chunks.next();
    return done ? null : value;
  }

  async #line(): Promise<string> {
    let held = Buffer.alloc(0);
    for (let end = -1; end < 0 && held.length <= HEADER_BYTES; end = held.indexOf(0x0a)) {
      const chunk = await this.#next();
      if (!chunk) break;
      held = Buffer.concat([held, chunk]);
    }
    const end = held.indexOf(0x0a);
    this.#unread = held.subarray(end + 1);
    return held.toString("latin1", 0, Math.max(0, end));
  }

  async *#bytes(size: number, token: string): AsyncGenerator<Buffer, void, undefined> {
    let left = size;
    while (left > 0) {
      const chunk = await this.#next();
      if (!chunk) throw new Error("it changed while it was read");
      const part = chunk.subarray(0, left);
      this.#unread = chunk.subarray(part.length);
      left -= part.length;
      yield part;
    }
    let verdict = "";
    while (verdict.length < token.length) {
      const chunk = await this.#next();
      if (!chunk) break;
      verdict += chunk.toString("latin1", 0, token.length + 1);
    }
    if (verdict !== token) throw new Error("it changed while it was read");
  }
}
