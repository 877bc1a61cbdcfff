/** The part of taskcluster-client that the agent uses; the package comes without types. */
declare module "taskcluster-client" {
  export interface ClientOptions {
    rootUrl: string;
    /** `{}` calls without authentication; undefined would take defaults of the process. */
    credentials: { clientId?: string; accessToken?: string; certificate?: string };
    /** Tries after the first one, of calls that got 5xx or no answer. */
    retries: number;
    /** Milliseconds for one HTTP request. */
    timeout: number;
  }
  /** Rejects with an Error that has `code` and, when an answer came, `statusCode`. */
  export class Queue {
    constructor(options: ClientOptions);
    claimWork(taskQueueId: string, payload: { workerGroup: string; workerId: string; tasks: number }): Promise<unknown>;
    reclaimTask(taskId: string, runId: number): Promise<unknown>;
    reportCompleted(taskId: string, runId: number): Promise<unknown>;
    reportFailed(taskId: string, runId: number): Promise<unknown>;
    reportException(taskId: string, runId: number, payload: { reason: string }): Promise<unknown>;
    finishArtifact(taskId: string, runId: number, name: string, payload: { uploadId: string }): Promise<unknown>;
    createArtifact(taskId: string, runId: number, name: string, payload: object): Promise<unknown>;
    status(taskId: string): Promise<unknown>;
    getWorker(provisionerId: string, workerType: string, workerGroup: string, workerId: string): Promise<unknown>;
    createTask(taskId: string, definition: object): Promise<unknown>;
    ping(): Promise<unknown>;
    cancelTask(taskId: string): Promise<unknown>;
  }
  /** The service that has the objects of artifacts. Not a named export. */
  class ObjectService {
    constructor(options: ClientOptions);
    createUpload(name: string, payload: object): Promise<unknown>;
    finishUpload(name: string, payload: object): Promise<unknown>;
  }
  /** Of the calls in `agent/manager/reference.ts`. */
  export class WorkerManager {
    constructor(options: ClientOptions);
    registerWorker(payload: object): Promise<unknown>;
    reregisterWorker(payload: object): Promise<unknown>;
    shouldWorkerTerminate(workerPoolId: string, workerGroup: string, workerId: string): Promise<unknown>;
  }
  /** Those of every client that is given none of its own. */
  export interface Agents {
    http: import("node:http").Agent;
    https: import("node:https").Agent;
  }
  export class Auth {
    constructor(options: ClientOptions);
    currentScopes(): Promise<unknown>;
  }
  export class Secrets {
    constructor(options: ClientOptions);
    get(name: string): Promise<unknown>;
  }
  const taskcluster: {
    readonly Queue: typeof Queue;
    readonly Object: typeof ObjectService;
    readonly Auth: typeof Auth;
    readonly Secrets: typeof Secrets;
    readonly agents: Agents;
    /** A class with a method for each call of the reference. */
    createClient(reference: object, name: "WorkerManager"): typeof WorkerManager;
  };
  // biome-ignore lint/style/noDefaultExport: it is how the package exports its clients.
  export default taskcluster;
}
