/** What doctor looks at: this machine, where things lie on it, what is installed, and what was asked once for all checks. */
import type { Places } from "../../helper/places.ts";
import type { Layout } from "../layout.ts";
import type { Installation } from "./installation.ts";
import type { Machine } from "./machine.ts";
import type { AskedServices } from "./services.ts";
import type { Trial } from "./trial.ts";

/** The layout of an installation; without one, and on Linux, only root's state and log exist. */
export type Paths = Omit<Layout, "places"> & { readonly places: Places };

export interface Subject {
  readonly machine: Machine;
  readonly paths: Paths;
  /** The launcher that doctor came from, for its children and for the commands it names. */
  readonly launcher: string;
  /** Null where nothing is installed. */
  readonly installation: Installation | null;
  /** A tiny task on a helper of its own. Only root can; asked once. */
  trial(): Promise<Trial>;
  /** The services of the worker's configuration, asked by the agent; asked once. */
  services(): Promise<AskedServices>;
}
