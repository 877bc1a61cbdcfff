/** Calls of a worker about a run: claim, reclaim, report. */
import type { Answer, ApiMethod, Call } from "./api.ts";
import type { ClaimWaiters } from "./claim-waiters.ts";
import type { Client, Clients } from "./credentials.ts";
import { ApiError } from "./errors.ts";
import type { Quarantine } from "./quarantine.ts";
import { validateClaimWork, validateReportException } from "./schemas.ts";
import type { ScopeExpression } from "./scopes.ts";
import type { ClaimedRun, QueueState, Resolution } from "./state.ts";
import { statusOf, type TaskRecord } from "./task-record.ts";
import { recordOf } from "./task-routes.ts";
import type { RunStatus } from "./types.ts";

export interface RunContext {
  readonly state: QueueState;
  readonly waiters: ClaimWaiters<ClaimedRun>;
  readonly clients: Clients;
  /** Issues the credentials of claims. */
  readonly issuer: Client;
  readonly longPollMs: number;
  readonly quarantine: Quarantine;
}

/** The run in the URL. Throws ApiError (404). */
export function runOf(record: TaskRecord, call: Call): RunStatus {
  const run = record.runs[call.runId];
  if (!run) throw new ApiError("ResourceNotFound", `Task ${record.taskId} has no run ${call.runId}.`);
  return run;
}

/** What a claim answers, as far as a reclaim answers it too. The credentials end with the claim. */
function claimAnswer({ clients, issuer }: RunContext, record: TaskRecord, run: RunStatus, takenUntil: string) {
  const { workerGroup = "", workerId = "" } = run;
  const id = `${record.taskId}/${run.runId}`;
  const until = Date.parse(takenUntil);
  const clientId = `task-client/${id}/on/${workerGroup}/${workerId}/until/${Math.floor(until / 1000)}`;
  const own = [`queue:reclaim-task:${id}`, `queue:resolve-task:${id}`, `queue:create-artifact:${id}`];
  const credentials = clients.issue(issuer, clientId, [...own, ...record.task.scopes], until);
  return { status: statusOf(record), runId: run.runId, workerGroup, workerId, takenUntil, credentials };
}

async function claimWork(context: RunContext, call: Call): Promise<Answer> {
  const { state, waiters, longPollMs } = context;
  const taskQueueId = call.param("taskQueueId");
  const { tasks, ...worker } = call.input(validateClaimWork);
  const workerScope = `queue:worker-id:${worker.workerGroup}/${worker.workerId}`;
  await call.authorize({ AllOf: [`queue:claim-work:${taskQueueId}`, workerScope] });
  // No task queue has an empty name: a quarantined worker waits where nothing ever comes.
  const claims = context.quarantine.asked(worker)
    ? await waiters.wait("", () => [], longPollMs, call.signal)
    : await waiters.wait(taskQueueId, () => state.claimNext(taskQueueId, worker, tasks), longPollMs, call.signal);
  const answers = claims.map(({ record, run, takenUntil }) => ({
    ...claimAnswer(context, record, run, takenUntil),
    task: record.task,
  }));
  return { body: { tasks: answers } };
}

function reclaimTask(context: RunContext, call: Call): Answer {
  const record = recordOf(context.state, call);
  const run = runOf(record, call);
  const takenUntil = context.state.reclaim(record, run.runId);
  if (takenUntil === null) {
    const why = context.state.deadlinePassed(record) ? "the deadline of the task has passed" : "it is not running";
    throw new ApiError("RequestConflict", `Run ${run.runId} of task ${record.taskId} cannot be reclaimed: ${why}.`);
  }
  return { body: claimAnswer(context, record, run, takenUntil) };
}

function report({ state }: RunContext, call: Call, resolution: Resolution): Answer {
  const record = recordOf(state, call);
  const run = runOf(record, call);
  if (!state.resolve(record, run.runId, resolution)) {
    const now = `${run.state}${run.reasonResolved ? ` (${run.reasonResolved})` : ""}`;
    const message = `Run ${run.runId} of task ${record.taskId} is ${now} and cannot become ${resolution.state}.`;
    throw new ApiError("RequestConflict", message);
  }
  return { body: { status: statusOf(record) } };
}

/** How long after its first claim the answer says that a worker is known. */
const knownMs = 5 * 86_400_000;

function getWorker({ quarantine }: RunContext, call: Call): Answer {
  const [workerGroup, workerId] = [call.param("workerGroup"), call.param("workerId")];
  const known = quarantine.worker({ workerGroup, workerId });
  if (!known) throw new ApiError("ResourceNotFound", `There is no worker ${workerGroup}/${workerId}.`);
  const { firstClaim, until } = known;
  return {
    body: {
      ...{ provisionerId: call.param("provisionerId"), workerType: call.param("workerType"), workerGroup, workerId },
      recentTasks: [],
      firstClaim: new Date(firstClaim).toISOString(),
      expires: new Date(firstClaim + knownMs).toISOString(),
      ...(until === null ? {} : { quarantineUntil: new Date(until).toISOString() }),
    },
  };
}

export function runMethods(context: RunContext): ApiMethod[] {
  const scopes =
    (verb: "reclaim" | "resolve") =>
    (param: (name: string) => string): ScopeExpression =>
      `queue:${verb}-task:${param("taskId")}/${param("runId")}`;
  const route = "/task/<taskId>/runs/<runId>";
  return [
    {
      name: "claimWork",
      http: "POST",
      route: "/claim-work/<taskQueueId>",
      handle: (call) => claimWork(context, call),
    },
    {
      name: "getWorker",
      http: "GET",
      route: "/provisioners/<provisionerId>/worker-types/<workerType>/workers/<workerGroup>/<workerId>",
      scopes: (param) =>
        `queue:get-worker:${param("provisionerId")}/${param("workerType")}/${param("workerGroup")}/${param("workerId")}`,
      handle: (call) => getWorker(context, call),
    },
    {
      name: "reclaimTask",
      http: "POST",
      route: `${route}/reclaim`,
      scopes: scopes("reclaim"),
      handle: (call) => reclaimTask(context, call),
    },
    {
      name: "reportCompleted",
      http: "POST",
      route: `${route}/completed`,
      scopes: scopes("resolve"),
      handle: (call) => report(context, call, { state: "completed" }),
    },
    {
      name: "reportFailed",
      http: "POST",
      route: `${route}/failed`,
      scopes: scopes("resolve"),
      handle: (call) => report(context, call, { state: "failed" }),
    },
    {
      name: "reportException",
      http: "POST",
      route: `${route}/exception`,
      scopes: scopes("resolve"),
      handle: (call) => report(context, call, { state: "exception", ...call.input(validateReportException) }),
    },
  ];
}
