/** What install, upgrade and uninstall work with. */
import type { Machine } from "./machine.ts";
import type { Observer } from "./runner.ts";

export type CommandName = "install" | "upgrade" | "uninstall";

export interface Context {
  readonly machine: Machine;
  /** The checkout or unpacked release that this program is part of. */
  readonly source: string;
  readonly observer: Observer;
  /** What was asked for. */
  readonly out: (text: string) => void;
  /** A line on the way. */
  readonly say: (line: string) => void;
}
