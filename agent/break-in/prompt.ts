/**
 * The attacker's seat: one line in, what came of it out. At `agent>` the words are those of somebody who has taken over
 * the agent; at `task>` each line is bash, run as a task user.
 */
import { createHash } from "node:crypto";
import { PROTOCOL } from "../../shared/protocol/limits.ts";
import { bashOutput } from "../subprocess.ts";
import { messageOf } from "../thrown.ts";
import type { Attacker } from "./attacker.ts";
import type { AuditTail } from "./audit-tail.ts";
import { formError, ruleBehind } from "./rules.ts";
import type { Heard } from "./wire.ts";

export const help = `What root guards: the flag (see \`flag\`). At agent> you are somebody who has taken over the agent:
  hello | create | ticket        honest requests; hello comes first
  spawn USER WORD…               runs WORD… as a task user, without its output
  signal PROCESS SIGNAL          kill USER       delete USER
  send {"type":…,"data":…}       any JSON text as a frame; "u1", "p1", "t1" stand for ids that you were given
  raw TEXT                       any bytes: \\n \\f \\\\ \\xNN, nothing added
  open                           another connection; the one before stays open
  ! LINES                        bash as the agent's own account
  task [USER]                    go to task>: each line is bash as a task user; \`agent\` goes back
  audit                          what root has written down meanwhile
  flag [TEXT]                    where the flag is, or whether TEXT is it
  help, quit`;

export interface Flag {
  /** A file that only root can read. */
  readonly path: string;
  /** SHA-256 of its content without the line end, in hex. */
  readonly sha256: string;
}

const mostWaiting = 1000;
const isRefusal = (line: string): boolean => /"action":"(protocol-error|refused|create-failed)"/.test(line);

/** Text with the escapes of `raw` as bytes. */
function bytesOf(text: string): Buffer {
  const named: Record<string, string> = { n: "\n", f: "\f", r: "\r", t: "\t", "\\": "\\" };
  const parts = text.split(/(\\x[0-9a-fA-F]{2}|\\[nfrt\\])/);
  return Buffer.concat(
    parts.map((part, index) => {
      if (index % 2 === 0) return Buffer.from(part);
      return part[1] === "x" ? Buffer.from(part.slice(2), "hex") : Buffer.from(named[part.slice(1)] ?? part);
    }),
  );
}

export class Prompt {
  readonly #attacker: Attacker;
  readonly #audit: AuditTail;
  readonly #flag: Flag;
  /** The nickname of the task user whose prompt it is; null at agent>. */
  #task: string | null = null;
  /** Lines of the audit log that have not been shown. */
  #written: string[] = [];
  /** Whether somebody has told the flag. */
  won = false;

  constructor(attacker: Attacker, audit: AuditTail, flag: Flag) {
    this.#attacker = attacker;
    this.#audit = audit;
    this.#flag = flag;
  }

  get name(): string {
    return this.#task === null ? "agent> " : `task ${this.#task}> `;
  }

  /** What is to be printed; null to quit. */
  async take(line: string): Promise<string | null> {
    const shown = await this.#take(line);
    const dropped = this.#attacker.wire.takeDropped();
    if (shown === null || dropped === 0) return shown;
    return `${dropped} older messages of the helper that nobody had read were dropped\n${shown}`;
  }

  async #take(line: string): Promise<string | null> {
    const [, word = "", rest = ""] = /^(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
    if (word === "") return "";
    if (word === "quit" || (word === "exit" && this.#task === null)) return null;
    if (this.#task !== null) return word === "agent" || word === "exit" ? this.#leave() : this.#asTask(line);
    try {
      return await this.#asAgent(word, rest);
    } catch (error) {
      return `that is no line for this prompt: ${messageOf(error)}`;
    }
  }

  async #asAgent(word: string, rest: string): Promise<string> {
    const { wire } = this.#attacker;
    const [first = "", ...words] = rest.split(/\s+/);
    switch (word) {
      case "help":
        return help;
      case "hello":
        return this.#send("hello", { protocol: PROTOCOL });
      case "create":
        return this.#send("createUser", {});
      case "ticket":
        return this.#send("ticket", {});
      case "spawn":
        return this.#send("spawn", { user: first, argv: words, env: { PATH: "/usr/bin:/bin" } });
      case "signal":
        return this.#send("signal", { process: first, signal: words[0] });
      case "kill":
        return this.#send("killUser", { user: first });
      case "delete":
        return this.#send("deleteUser", { user: first });
      case "send":
        return this.#sendText(this.#attacker.names.inJson(rest));
      case "raw":
        wire.send(bytesOf(rest));
        return await this.#reply(null);
      case "open":
        this.#attacker.open();
        return "a new connection; say hello";
      case "!":
        return this.#asAccount(rest);
      case "task":
        return this.#enter(first);
      case "audit":
        return this.#audited(() => true) || "nothing new";
      case "flag":
        return this.#tryFlag(rest);
      default:
        return `there is no "${word}" here; help lists what there is`;
    }
  }

  /** A request with whatever fields, honest or not. */
  #send(type: string, fields: object): Promise<string> {
    return this.#sendText(JSON.stringify({ type, data: this.#attacker.withId(fields) }));
  }

  async #sendText(text: string): Promise<string> {
    this.#attacker.wire.send(`${text}\f`);
    return this.#reply(text);
  }

  /** The answer to what was sent, behind the ends of processes that came before it. */
  async #reply(sent: string | null): Promise<string> {
    let ends = "";
    for (;;) {
      const heard = await this.#attacker.wire.next();
      const shown = this.#answer(heard, sent);
      if (heard.type !== "exited") return `${ends}${shown}`;
      ends += `${shown}\n`;
    }
  }

  /** The message, with a nickname for each new id, the rule behind a refusal, and root's own record of it. */
  #answer(heard: Heard, sent: string | null): string {
    if (heard.type === "closed") return `closed: ${heard.data}; open makes another connection, without any user`;
    const shown = `${heard.type}: ${typeof heard.data === "string" ? heard.data : JSON.stringify(heard.data)}`;
    if (heard.type === "refused" || heard.type === "fatal") {
      const form = heard.data.code === "message-invalid" && sent !== null ? formErrorOf(sent) : null;
      const why = form === null ? "" : `\nits schema says: ${form}`;
      return `${shown}${why}\nrule: ${ruleBehind(heard.data.code)}\n${this.#audited(isRefusal)}`.trimEnd();
    }
    if (heard.type !== "answer") return shown;
    const { request, result } = heard.data;
    const { names } = this.#attacker;
    if (request === "createUser") return `${shown}\nit is ${names.add("u", result.user)}`;
    if (request === "spawn") return `${shown}\nit is ${names.add("p", result.process)}`;
    if (request === "ticket") return `${shown}\nit is ${names.add("t", result.ticket)}`;
    return shown;
  }

  /** What root has written since it was shown last, as far as it is wanted; the rest waits. */
  #audited(wanted: (line: string) => boolean): string {
    this.#written.push(...this.#audit.news());
    const shown = this.#written.filter(wanted);
    this.#written = this.#written.filter((line) => !wanted(line)).slice(-mostWaiting);
    return shown.map((line) => `audit: ${line}`).join("\n");
  }

  async #asAccount(lines: string): Promise<string> {
    const { code, output } = await bashOutput(lines);
    return `${output}${output === "" ? "" : "\n"}${this.#verdict(code ?? null)}`;
  }

  async #asTask(lines: string): Promise<string> {
    const { heard, output } = await this.#attacker.run(this.#task ?? "", lines);
    if (heard.type !== "exited") return this.#answer(heard, null);
    return `${output}${output === "" || output.endsWith("\n") ? "" : "\n"}${this.#verdict(heard.data.code)}`;
  }

  #verdict(code: number | null): string {
    if (code === 0) return "exit 0";
    return `exit ${code ?? "without a code"}\nrule: no request was made of root: owners, modes and uids are the kernel's to keep`;
  }

  #enter(user: string): Promise<string> | string {
    if (user !== "") {
      this.#task = user;
      return `each line is bash as ${user} now; agent goes back`;
    }
    return this.#send("createUser", {}).then((text) => {
      const name = /it is (u\d+)$/.exec(text)?.[1];
      if (!name) return text;
      this.#task = name;
      return `${text}\neach line is bash as ${name} now; agent goes back`;
    });
  }

  #leave(): string {
    this.#task = null;
    return "the agent's prompt";
  }

  #tryFlag(text: string): string {
    if (text === "") return `the flag is the text of ${this.#flag.path}, which only root can read; flag TEXT tells`;
    this.won ||= createHash("sha256").update(text).digest("hex") === this.#flag.sha256;
    return this.won
      ? "That is the flag. You have broken in: please report how (SECURITY.md)."
      : "That is not the flag.";
  }
}

function formErrorOf(sent: string): string | null {
  try {
    const { type, data }: { type: unknown; data: unknown } = JSON.parse(sent);
    return formError(type, data);
  } catch {
    return null;
  }
}
