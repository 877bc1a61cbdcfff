/** Whether the services that a worker needs answer it: for `doctor`, which has no network of its own. */
import { lookup } from "node:dns/promises";
import { BlockList } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceAnswer, ServiceReport } from "../shared/service-report.ts";
import type { AgentConfig } from "./config.ts";
import { missing, satisfies } from "./local/scopes.ts";
import { ManagerClient } from "./manager/manager-client.ts";
import { ask } from "./queue/ask.ts";
import { authClient, queueClient } from "./queue/connections.ts";
import { AnswerError, object, texts } from "./queue/fields.ts";
import { toQueueError } from "./queue/retry.ts";
import type { Credentials } from "./queue/types.ts";
import { WorkerCredentials } from "./queue/worker-credentials.ts";

/** Of each call. */
const TIMEOUT_MS = 15_000;
const LOOKUP_MS = 5_000;

/** RFC 1918, 3927, 4193 and 4291: what macOS calls the local network, as far as an address shows it. */
const localNetworks = new BlockList();
for (const [network, bits] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
] as const)
  localNetworks.addSubnet(network, bits, "ipv4");
localNetworks.addSubnet("fc00::", 7, "ipv6");
localNetworks.addSubnet("fe80::", 10, "ipv6");

/** Whether an address, v4 or v6, is one of a local network; loopback is none. */
export function isLocalAddress(address: string): boolean {
  return localNetworks.check(address, address.includes(":") ? "ipv6" : "ipv4");
}

async function isLocalHost(rootURL: string): Promise<boolean> {
  const host = new URL(rootURL).hostname.replace(/^\[|\]$/g, "");
  const addresses = lookup(host, { all: true }).catch(() => []);
  const found = await Promise.race([addresses, sleep(LOOKUP_MS, [], { ref: false })]);
  return found.some(({ address }) => isLocalAddress(address));
}

async function answerOf(call: () => Promise<ServiceAnswer>): Promise<ServiceAnswer> {
  try {
    return await call();
  } catch (thrown) {
    const { code, message } = toQueueError(thrown);
    // Where there was no answer the sentence begins with the system's own code, which says more.
    return { state: "failed", code: /\((E[A-Z]+): /.exec(message)?.[1] ?? code, what: message };
  }
}

interface Registered {
  readonly answer: ServiceAnswer;
  /** Null: none, or none yet. */
  readonly credentials: Credentials | null;
}

export class ServiceCheck {
  readonly #config: AgentConfig;
  /** Whether a worker that gets its credentials by registering may do so now. */
  readonly #mayRegister: boolean;
  #clockAheadMs: number | null = null;

  constructor(config: AgentConfig, mayRegister: boolean) {
    this.#config = config;
    this.#mayRegister = mayRegister;
  }

  /** Asks one service after the other. Never throws for what a service does. */
  async report(): Promise<ServiceReport> {
    const { rootURL, provisionerId, workerType, workerGroup, workerId } = this.#config;
    const isLocal = await isLocalHost(rootURL);
    const queue = await answerOf(() => this.#ping());
    const { answer: workerManager, credentials } = await this.#register();
    const scopes = await answerOf(() => this.#scopes(credentials));
    const worker = `${provisionerId}/${workerType}/${workerGroup}/${workerId}`;
    return { rootURL, worker, isLocal, clockAheadMs: this.#clockAheadMs, queue, scopes, workerManager };
  }

  #ask<T>(call: () => Promise<T>): Promise<T> {
    return ask(call, (clockAheadMs) => {
      this.#clockAheadMs = clockAheadMs;
    });
  }

  async #ping(): Promise<ServiceAnswer> {
    const { rootURL } = this.#config;
    await this.#ask(async () => {
      const answer = object(await queueClient(rootURL, {}, TIMEOUT_MS).ping(), "the answer");
      if (answer["alive"] !== true) throw new AnswerError("it is not that of a queue");
    });
    return { state: "fine", what: `${rootURL} answers` };
  }

  async #register(): Promise<Registered> {
    const config = this.#config;
    if (config.staticSecret === "") {
      const answer = {
        state: "not-asked",
        what: "this worker has credentials of its own, and does not register",
      } as const;
      return { answer, credentials: WorkerCredentials.configured(config).newest };
    }
    if (!this.#mayRegister) {
      const answer = { state: "not-asked", what: "a worker runs, which has registered itself" } as const;
      return { answer, credentials: null };
    }
    const client = new ManagerClient(config);
    let credentials: Credentials | null = null;
    const answer = await answerOf(async () => {
      const registration = await client.register();
      credentials = registration.credentials;
      const { terminate, reason } = await client.shouldTerminate(registration.credentials);
      if (terminate) return { state: "failed", code: "Termination", what: `it wants this worker to end: ${reason}` };
      return { state: "fine", what: `it registers this worker, until ${registration.expires.toISOString()}` };
    });
    return { answer, credentials };
  }

  async #scopes(credentials: Credentials | null): Promise<ServiceAnswer> {
    if (!credentials) return { state: "not-asked", what: "the credentials are worker-manager's to give" };
    const { rootURL, provisionerId, workerType, workerGroup, workerId } = this.#config;
    const pool = `${provisionerId}/${workerType}`;
    const granted = await this.#ask(async () => {
      const answer = await authClient(rootURL, credentials, TIMEOUT_MS).currentScopes();
      return texts(object(answer, "the answer"), "scopes");
    });
    const needed = { AllOf: [`queue:claim-work:${pool}`, `queue:worker-id:${workerGroup}/${workerId}`] };
    if (!satisfies(granted, needed)) {
      const what = `${credentials.clientId} lacks ${missing(granted, needed)}`;
      return { state: "failed", code: "InsufficientScopes", what };
    }
    const look = `queue:get-worker:${pool}/${workerGroup}/${workerId}`;
    const blind = satisfies(granted, look) ? "" : `; without ${look} a quarantine is not seen`;
    return { state: "fine", what: `${credentials.clientId} may claim for ${pool}${blind}` };
  }
}
