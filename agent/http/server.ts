/** The agent's HTTP server for live logs. */
import type { AgentConfig } from "../config.ts";
import { listen, newServer } from "./listen.ts";
import { LiveLogs } from "./live-logs.ts";
import { addLiveLogRoute } from "./livelog-route.ts";

const maxConnections = 2000;

export interface AgentServer {
  /** How others reach it: `http://192.0.2.7:60099`. */
  readonly origin: string;
  readonly liveLogs: LiveLogs;
  /** Ends every connection. Any number of calls. */
  close(): Promise<void>;
}

/** Throws one sentence when the address cannot be used; a worker then goes on without live logs. */
export async function startServer(config: Pick<AgentConfig, "publicIP" | "livelogExposePort">): Promise<AgentServer> {
  const app = newServer(maxConnections);
  let origin = "";
  const liveLogs = new LiveLogs(() => origin);
  addLiveLogRoute(app, liveLogs);
  origin = await listen(app, config, "livelogExposePort");
  return { origin, liveLogs, close: () => app.close() };
}
