/** The part of worker-manager that workers of static providers call. */
import type { Answer, ApiMethod, Call } from "./api.ts";
import type { Client, Clients } from "./credentials.ts";
import { ApiError } from "./errors.ts";
import { type Known, type ManagedWorkers, newSecret, workerScopes } from "./managed-workers.ts";
import { validateRegister, validateReregister } from "./schemas.ts";

export interface ManagerServices {
  readonly workers: ManagedWorkers;
  readonly clients: Clients;
  readonly issuer: Client;
  /** How long credentials are good. */
  readonly credentialsMs: number;
  readonly now: () => number;
}

export function managerMethods({ workers, clients, issuer, credentialsMs, now }: ManagerServices): ApiMethod[] {
  function registration(worker: Known): object {
    const expires = now() + credentialsMs;
    const { providerId, workerPoolId, workerGroup, workerId } = worker;
    const clientId = `worker/${providerId}/${workerPoolId}/${workerGroup}/${workerId}`;
    worker.secret = newSecret();
    const credentials = clients.issue(issuer, clientId, workerScopes(worker), expires);
    return { expires: new Date(expires).toISOString(), credentials, secret: worker.secret };
  }

  function registerWorker(call: Call): Answer {
    const request = call.input(validateRegister);
    const worker = workers.find(request);
    if (!worker) throw new ApiError("ResourceNotFound", "There is no such worker.");
    const { providerId, staticSecret } = worker;
    if (request.providerId !== providerId || request.workerIdentityProof.staticSecret !== staticSecret)
      throw new ApiError("InputError", "The worker's identity is not proven.");
    return { body: { ...registration(worker), workerConfig: worker.workerConfig ?? {} } };
  }

  async function reregisterWorker(call: Call): Promise<Answer> {
    const request = call.input(validateReregister);
    const { workerPoolId, workerGroup, workerId } = request;
    await call.authorize(`worker-manager:reregister-worker:${workerPoolId}/${workerGroup}/${workerId}`);
    const worker = workers.find(request);
    if (worker?.secret !== request.secret) throw new ApiError("InputError", "The secret is not the newest one.");
    return { body: registration(worker) };
  }

  function shouldWorkerTerminate(call: Call): Answer {
    const [workerGroup, workerId] = [call.param("workerGroup"), call.param("workerId")];
    const worker = workers.find({ workerPoolId: call.param("workerPoolId"), workerGroup, workerId });
    if (!worker) throw new ApiError("ResourceNotFound", "There is no such worker.");
    return { body: workers.answer(worker) };
  }

  return [
    { name: "registerWorker", http: "POST", route: "/worker/register", handle: registerWorker },
    { name: "reregisterWorker", http: "POST", route: "/worker/reregister", handle: reregisterWorker },
    {
      name: "shouldWorkerTerminate",
      http: "GET",
      route: "/workers/<workerPoolId>/<workerGroup>/<workerId>/should-terminate",
      scopes: (param) =>
        `worker-manager:should-worker-terminate:${param("workerPoolId")}/${param("workerGroup")}/${param("workerId")}`,
      handle: shouldWorkerTerminate,
    },
  ];
}
