/** The agent's one HTTP server. On loopback unless the worker has a public address. */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import Fastify, { type FastifyInstance } from "fastify";
import { messageOf } from "../thrown.ts";
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

export interface ServerAddress {
  /** "" for loopback. */
  readonly publicIP: string;
  /** 0 for a random one. */
  readonly livelogExposePort: number;
}

/** Throws one sentence when the address cannot be used; a worker then goes on without live logs. */
export async function startServer({ publicIP, livelogExposePort }: ServerAddress): Promise<AgentServer> {
  const app = Fastify({ forceCloseConnections: true, requestTimeout: 30_000, exposeHeadRoutes: false });
  app.server.maxConnections = maxConnections;
  const host = bindAddress(publicIP);
  const origin = () => originOf(publicIP || host, app);
  const liveLogs = new LiveLogs(origin);
  addLiveLogRoute(app, liveLogs);
  try {
    await app.listen({ host, port: livelogExposePort });
  } catch (error) {
    await app.close();
    const why = messageOf(error);
    throw new Error(
      `The HTTP server cannot listen on ${host} port ${livelogExposePort}: ${why}. ` +
        "Change publicIP or livelogExposePort in the agent's config.",
    );
  }
  return { origin: origin(), liveLogs, close: () => app.close() };
}

/** The public address itself where this machine has it; behind a translating router it has not, then every address. */
function bindAddress(publicIP: string): string {
  if (publicIP === "") return "127.0.0.1";
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  if (own.some(({ address }) => address === publicIP)) return publicIP;
  return isIP(publicIP) === 6 ? "::" : "0.0.0.0";
}

/** Only once it listens. */
function originOf(host: string, app: FastifyInstance): string {
  const [address] = app.addresses();
  if (typeof address !== "object") throw new Error("The HTTP server does not listen yet");
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${address.port}`;
}
