/** What all runs of a worker share. */
import type { AgentConfig } from "./config.ts";
import type { Engine } from "./engine/engine.ts";
import type { Logger } from "./logger.ts";
import type { Plugin } from "./plugins/plugin.ts";
import type { TaskEvents } from "./task-events.ts";

export interface RunServices {
  readonly config: AgentConfig;
  readonly engine: Engine;
  readonly plugins: readonly Plugin[];
  readonly logger: Logger;
  /** A directory of the agent's own that holds one directory for each run under way. */
  readonly scratchRoot: string;
  readonly events: TaskEvents;
}
