/** worker-manager as a worker sees it. Each call is one try, and throws QueueError. */
import taskcluster, { type WorkerManager } from "taskcluster-client";
import type { AgentConfig } from "../config.ts";
import { ask } from "../queue/ask.ts";
import type { Credentials } from "../queue/types.ts";
import { checkRegistration, checkTermination, type Registration, type Termination } from "./check.ts";
import { reference } from "./reference.ts";

const TIMEOUT_MS = 30_000;
const Client = taskcluster.createClient(reference, "WorkerManager");

export class ManagerClient {
  readonly #config: AgentConfig;

  constructor(config: AgentConfig) {
    this.#config = config;
  }

  /** As a worker of a static provider, by the secret that somebody gave worker-manager for it. Any number of times. */
  register(): Promise<Registration> {
    const { providerId, staticSecret } = this.#config;
    const request = { ...this.#worker, providerId, workerIdentityProof: { staticSecret } };
    return ask(async () => checkRegistration(await this.#as({}).registerWorker(request)));
  }

  /** `secret` is that of the newest registration. */
  reregister(secret: string, credentials: Credentials): Promise<Registration> {
    return ask(async () =>
      checkRegistration(await this.#as(credentials).reregisterWorker({ ...this.#worker, secret })),
    );
  }

  shouldTerminate(credentials: Credentials): Promise<Termination> {
    const { workerPoolId, workerGroup, workerId } = this.#worker;
    const asked = () => this.#as(credentials).shouldWorkerTerminate(workerPoolId, workerGroup, workerId);
    return ask(async () => checkTermination(await asked()));
  }

  get #worker() {
    const { provisionerId, workerType, workerGroup, workerId } = this.#config;
    return { workerPoolId: `${provisionerId}/${workerType}`, workerGroup, workerId };
  }

  #as(credentials: Credentials | Record<string, never>): WorkerManager {
    const { rootURL } = this.#config;
    return new Client({ rootUrl: rootURL, credentials: { ...credentials }, retries: 0, timeout: TIMEOUT_MS });
  }
}
