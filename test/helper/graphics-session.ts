/** A stand-in for launchctl in a directory of its own that only root can change, and what was asked of it. */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateRoot } from "../../helper/places.ts";
import { made } from "../leftovers.ts";

/**
 * `forks` starts the program and waits, `forks-late` a second later and in a session of its own, `forks-last` six; `stands` stops before it; `fails` starts
 * nothing; `elsewhere` starts it in a session without a screen.
 */
export type Mode = "" | "forks" | "forks-late" | "forks-last" | "stands" | "fails" | "elsewhere";

export interface Call {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid: string | number;
  readonly groups: string;
}

export class GraphicsSession {
  readonly #directory = mkdtempSync(`${made(`${stateRoot}/bare-`)}-launchctl-`);
  readonly launchctl = join(this.#directory, "launchctl");

  constructor() {
    copyFileSync(join(import.meta.dirname, "launchctl"), this.launchctl);
    for (const path of [this.#directory, this.launchctl]) chmodSync(path, 0o755);
  }

  mode(mode: Mode): void {
    writeFileSync(join(this.#directory, "mode"), mode);
  }

  calls(command: "asuser" | "bootout"): Call[] {
    const file = join(this.#directory, "calls");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return lines.map((line): Call => JSON.parse(line)).filter(({ argv }) => argv[0] === command);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}

/** An account of every Linux that is not root, owns nothing and is in no group of ours. */
export const sessionUser = "nobody";
export const sessionUid = 65_534;
