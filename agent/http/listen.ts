/** What the agent's HTTP servers have in common: on loopback unless the worker has a public address. */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import Fastify, { type FastifyInstance } from "fastify";
import { messageOf } from "../thrown.ts";

/** The setting that names a server's port; 0 is a random one. */
type PortSetting = "livelogExposePort" | "interactivePort";

export function newServer(maxConnections: number): FastifyInstance {
  const app = Fastify({ forceCloseConnections: true, requestTimeout: 30_000, exposeHeadRoutes: false });
  app.server.maxConnections = maxConnections;
  return app;
}

/**
 * Resolves to the server's address as others reach it, like `http://192.0.2.7:60099`. `publicIP` is "" for loopback.
 * Throws one sentence when it cannot listen; it is closed then.
 */
export async function listen<S extends PortSetting>(
  app: FastifyInstance,
  config: Readonly<Record<S, number>> & { readonly publicIP: string },
  setting: S,
): Promise<string> {
  const { publicIP } = config;
  const host = bindAddress(publicIP);
  const port = config[setting];
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const why = messageOf(error);
    throw new Error(
      `The HTTP server cannot listen on ${host} port ${port}: ${why}. ` +
        `Change publicIP or ${setting} in the agent's config.`,
    );
  }
  return originOf(publicIP || host, app);
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
