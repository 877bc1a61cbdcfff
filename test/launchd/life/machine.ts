/** A machine that looks like a Mac, on which releases are installed, run and removed by their own programs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { within } from "../../helper/wait.ts";
import { PrivateRoot } from "../../mac-stand-ins/private-root.ts";
import { treeOf } from "../install/mac.ts";

const longestMs = 180_000;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Machine {
  readonly #root: PrivateRoot;

  private constructor(root: PrivateRoot) {
    this.#root = root;
  }

  /** `prepare` writes releases into a directory, which the machine has as /opt/releases. */
  static async start(prepare: (releases: string) => void): Promise<Machine> {
    const root = await PrivateRoot.start(join(import.meta.dirname, "make-machine.sh"), (folder) => {
      chmodSync(folder, 0o755);
      mkdirSync(join(folder, "releases"));
      prepare(join(folder, "releases"));
    });
    return new Machine(root);
  }

  /** Where a path of the machine is seen from here. */
  at(path: string): string {
    return this.#root.at(path);
  }

  /** Runs a program of the machine as root, to its end. */
  async run(program: string, ...words: readonly string[]): Promise<Ended> {
    const enter = [`--target=${this.#root.first}`, "--mount", "--pid", "--ipc", "--root", "--wdns=/", "--"];
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

  stop(): Promise<void> {
    return this.#root.stop();
  }
}
