/** A machine that looks like a Mac, on which releases are installed, run and removed by their own programs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { within } from "../../helper/wait.ts";
import { treeOf } from "../install/mac.ts";

const checkout = dirname(dirname(dirname(import.meta.dirname)));
const longestMs = 180_000;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Machine {
  readonly #unshare: ChildProcess;
  readonly #folder: string;
  /** Process 1 of the machine; its root directory is the machine's. */
  readonly #first: number;

  private constructor(unshare: ChildProcess, folder: string) {
    this.#unshare = unshare;
    this.#folder = folder;
    const children = readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8").trim().split(" ");
    this.#first = Number(children[0]);
  }

  /** `prepare` writes releases into a directory, which the machine has as /opt/releases. */
  static async start(prepare: (releases: string) => void): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), "life-"));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "releases"));
    prepare(join(folder, "releases"));
    const script = [join(import.meta.dirname, "make-machine.sh"), folder, checkout, process.execPath];
    const argv = ["--mount", "--pid", "--ipc", "--fork", "--kill-child", "/bin/bash", ...script];
    const unshare = spawn("/usr/bin/unshare", argv, { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    for (const stream of [unshare.stdout, unshare.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    const ready = new Promise<void>((resolve, reject) => {
      unshare.stdout.on("data", () => said.includes("ready\n") && resolve());
      unshare.once("exit", () => reject(new Error(`the machine ended: ${said}`)));
    });
    await within(ready, "the machine");
    return new Machine(unshare, folder);
  }

  /** Where a path of the machine is seen from here. */
  at(path: string): string {
    return `/proc/${this.#first}/root${path}`;
  }

  /** Runs a program of the machine as root, to its end. */
  async run(program: string, ...words: readonly string[]): Promise<Ended> {
    const enter = [`--target=${this.#first}`, "--mount", "--pid", "--ipc", "--root", "--wdns=/", "--"];
    const env = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" };
    const child = spawn("/usr/bin/nsenter", [...enter, program, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (piece: string) => {
        text[name] += piece;
      });
    }
    const [status] = await within(once(child, "close"), `the end of ${program} ${words.join(" ")}`, longestMs);
    return { status, ...text };
  }

  /** Everything that an installation, a worker or a task could have changed. */
  tree(): Record<string, string> {
    return Object.fromEntries(
      ["/Library", "/private", "/Users"].flatMap((top) =>
        Object.entries(treeOf(this.at(top)))
          .map(([path, what]) => [join(top, path), what] as const)
          .filter(([path]) => !/^\/private\/var\/(stand-ins|lib)\//.test(path)),
      ),
    );
  }

  async stop(): Promise<void> {
    const gone = once(this.#unshare, "exit");
    this.#unshare.stdin?.end();
    await gone;
    rmSync(this.#folder, { recursive: true });
  }
}
