/** The clients of the services, and the connections that they share: kept alive, through proxies where there are any. */
import { Agent as HttpAgent, setGlobalProxyFromEnv } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import taskcluster, { type ClientOptions, type Queue } from "taskcluster-client";
import type { Credentials } from "./types.ts";

/** No credentials: calls as anybody. */
type Caller = Credentials | Record<string, never>;

// The client's own agents open a connection for every call; a task can have thousands of artifacts. A call that meets a
// connection which the queue has just let go of fails as any other, and is repeated where that is safe.
const kept = { keepAlive: true, maxSockets: 50, maxFreeSockets: 20 };
taskcluster.agents.http = new HttpAgent(kept);
taskcluster.agents.https = new HttpsAgent(kept);

/** What reaches this machine itself never leaves it, as with other workers. */
const loopback = "localhost,127.0.0.1,::1";

/** Under the names that Node knows. A name in small letters counts before the one in capitals. */
interface Proxies {
  readonly http_proxy?: string;
  readonly https_proxy?: string;
  readonly no_proxy: string;
}

/** Sentences about what is wrong with the variables are without their values, which may hold a password. */
export class ProxyError extends Error {}

/**
 * From now on all calls, uploads and downloads go through the proxies of `http_proxy`, `https_proxy` and `no_proxy`.
 * Returns the function that ends this for uploads and downloads. Throws ProxyError.
 */
export function useProxies(env: Readonly<Record<string, string | undefined>>): () => void {
  const proxies: Proxies = {
    ...proxyOf(env, "http_proxy"),
    ...proxyOf(env, "https_proxy"),
    no_proxy: [env["no_proxy"] ?? env["NO_PROXY"], loopback].filter(Boolean).join(","),
  };
  if (!proxies.http_proxy && !proxies.https_proxy) return () => {};
  taskcluster.agents.http = new HttpAgent({ ...kept, proxyEnv: { ...proxies } });
  taskcluster.agents.https = new HttpsAgent({ ...kept, proxyEnv: { ...proxies } });
  return setGlobalProxyFromEnv({ ...proxies });
}

function proxyOf(env: Readonly<Record<string, string | undefined>>, name: "http_proxy" | "https_proxy") {
  const value = env[name] || env[name.toUpperCase()];
  if (!value) return {};
  if (/^https?:$/.test(URL.parse(value)?.protocol ?? "")) return { [name]: value };
  throw new ProxyError(
    `the environment variable ${name} is no address of a proxy: it must be an http or https URL, ` +
      "like http://proxy.example.com:3128",
  );
}

function options(rootUrl: string, credentials: Caller, timeout: number): ClientOptions {
  return { rootUrl, credentials: { ...credentials }, retries: 0, timeout };
}

/** `timeout` of one request, in milliseconds. */
export function queueClient(rootUrl: string, credentials: Caller, timeout: number): Queue {
  return new taskcluster.Queue(options(rootUrl, credentials, timeout));
}

/** `timeout` of one request, in milliseconds. */
export function objectClient(rootUrl: string, credentials: Caller, timeout: number) {
  return new taskcluster.Object(options(rootUrl, credentials, timeout));
}

/** `timeout` of one request, in milliseconds. */
export function authClient(rootUrl: string, credentials: Caller, timeout: number) {
  return new taskcluster.Auth(options(rootUrl, credentials, timeout));
}
