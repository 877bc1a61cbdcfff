/** A root directory made by a script, in namespaces of its own. What the script leaves running serves it until `stop`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { within } from "../helper/wait.ts";

const checkout = dirname(dirname(import.meta.dirname));

export class PrivateRoot {
  readonly #unshare: ChildProcess;
  readonly #folder: string;
  /** Process 1 of it; its root directory is the one that was made. */
  readonly first: number;

  private constructor(unshare: ChildProcess, folder: string) {
    this.#unshare = unshare;
    this.#folder = folder;
    const children = readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8").trim().split(" ");
    this.first = Number(children[0]);
  }

  /**
   * `script` gets a folder that `prepare` may have written to, the checkout and Node, and says `ready` when it is. Rejects
   * with what it said when it ends before.
   */
  static async start(script: string, prepare: (folder: string) => void = () => {}): Promise<PrivateRoot> {
    const folder = mkdtempSync(join(tmpdir(), "private-root-"));
    prepare(folder);
    const words = ["/bin/bash", script, folder, checkout, process.execPath];
    const unshare = spawn("/usr/bin/unshare", ["--mount", "--pid", "--ipc", "--fork", "--kill-child", ...words], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [unshare.stdout, unshare.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    const ready = new Promise<void>((resolve, reject) => {
      unshare.stdout.on("data", () => said.includes("ready\n") && resolve());
      unshare.once("exit", () => reject(new Error(`${script} ended: ${said}`)));
    });
    await within(ready, `what ${script} makes`);
    return new PrivateRoot(unshare, folder);
  }

  /** Where one of its paths is seen from here. */
  at(path: string): string {
    return `/proc/${this.first}/root${path}`;
  }

  /** Ends the script's input, which is its lifeline, and waits for its end. */
  async stop(): Promise<void> {
    const gone = once(this.#unshare, "exit");
    this.#unshare.stdin?.end();
    await gone;
    rmSync(this.#folder, { recursive: true });
  }
}
