/** Answers of the queue, checked by hand and given their types. The one place of the queue client with `as`. */
import { messageOf } from "../thrown.ts";
import { AnswerError, date, type Fields, list, object, text, texts } from "./fields.ts";
import type {
  Claim,
  ClaimedRun,
  Credentials,
  ReservedObject,
  RunId,
  TaskDefinition,
  TaskId,
  UploadMethod,
} from "./types.ts";

const slug = /^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$/;

function checkTaskId(value: string): TaskId {
  if (!slug.test(value)) throw new AnswerError("taskId is no slug");
  return value as TaskId;
}

function checkRunId(value: unknown): RunId {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new AnswerError("runId is no run number");
  return value as RunId;
}

/** Throws AnswerError. */
export function checkCredentials(value: unknown): Credentials {
  const fields = object(value, "credentials");
  const credentials = { clientId: printable(fields, "clientId"), accessToken: printable(fields, "accessToken") };
  if (fields["certificate"] === undefined) return credentials;
  const certificate = text(fields, "certificate");
  object(parseJson(certificate), "certificate");
  return { ...credentials, certificate };
}

/** Without these taskcluster-client signs nothing at all, or makes a header that cannot be sent. */
function printable(fields: Fields, name: string): string {
  const value = text(fields, name);
  if (!/^[!#-[\]-~]+$/.test(value)) throw new AnswerError(`${name} is empty or has characters that it cannot have`);
  return value;
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function checkTask(value: unknown): TaskDefinition {
  const whole = object(value, "task");
  const metadata = object(whole["metadata"], "task.metadata");
  const deadline = date(whole, "deadline").toISOString();
  return {
    taskGroupId: text(whole, "taskGroupId"),
    dependencies: texts(whole, "dependencies"),
    scopes: texts(whole, "scopes"),
    created: date(whole, "created").toISOString(),
    deadline,
    // The queue fills it in; without it artifacts could not outlive the task.
    expires: whole["expires"] === undefined ? deadline : date(whole, "expires").toISOString(),
    payload: object(whole["payload"], "task.payload"),
    metadata: { name: text(metadata, "name"), owner: text(metadata, "owner"), source: text(metadata, "source") },
    whole,
  };
}

const MOST_AHEAD_MS = 86_400_000;
/** Calls are repeated as long as the claim lasts, which must end. The queue's own are of 20 minutes. */
const LONGEST_CLAIM_MS = 86_400_000;

function checkRun(value: unknown): ClaimedRun {
  const claim = object(value, "a claim");
  const status = object(claim["status"], "status");
  const runId = checkRunId(claim["runId"]);
  const end = date(claim, "takenUntil").getTime();
  const now = Date.now();
  // A claim starts as the queue answers, so both clocks can be compared.
  const ahead = now - (startOf(status["runs"], runId) ?? Number.POSITIVE_INFINITY);
  // No clock is a day off where TLS works: a time that says so is not worth reckoning with.
  const isStartKnown = Math.abs(ahead) <= MOST_AHEAD_MS;
  const clockAheadMs = isStartKnown ? ahead : 0;
  const began = now - clockAheadMs;
  if (isStartKnown && end <= began) throw new AnswerError("takenUntil is not after the start of the claim");
  const takenUntil = Math.min(end, began + LONGEST_CLAIM_MS);
  return {
    taskId: checkTaskId(text(status, "taskId")),
    runId,
    takenUntil: new Date(takenUntil + clockAheadMs),
    // One that seems to be over shows with its first renewal how long it lasts.
    claimMs: takenUntil > began ? takenUntil - began : LONGEST_CLAIM_MS,
    clockAheadMs,
    credentials: checkCredentials(claim["credentials"]),
  };
}

/** By the queue's clock; null when it does not say. */
function startOf(runs: unknown, runId: RunId): number | null {
  for (const value of Array.isArray(runs) ? runs : []) {
    const run = object(value, "a run");
    if (run["runId"] === runId && run["started"] !== undefined) return date(run, "started").getTime();
  }
  return null;
}

/** Hears of a claim that cannot be run; `run` is null when the queue cannot even be told. */
export type Refused = (error: AnswerError, run: ClaimedRun | null) => void;

/** A claim that cannot be used goes to `refused`, so that the others are still run. Throws AnswerError. */
export function checkClaims(answer: unknown, refused: Refused): Claim[] {
  const claims: Claim[] = [];
  for (const value of list(object(answer, "claimWork")["tasks"], "tasks")) {
    let run: ClaimedRun | null = null;
    try {
      run = checkRun(value);
      claims.push({ ...run, task: checkTask(object(value, "a claim")["task"]) });
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      refused(error, run);
    }
  }
  return claims;
}

/** `takenUntil` is by the queue's clock. Throws AnswerError. */
export function checkReclaim(answer: unknown): { takenUntil: Date; credentials: Credentials } {
  const fields = object(answer, "reclaimTask");
  return { takenUntil: date(fields, "takenUntil"), credentials: checkCredentials(fields["credentials"]) };
}

/** A report that the queue took. Throws AnswerError: a captive portal answers 200 as well. */
export function checkReported(answer: unknown): void {
  object(object(answer, "the answer to a report")["status"], "status");
}

/** Throws AnswerError. */
export function checkArtifact(answer: unknown): { putUrl?: string } {
  const fields = object(answer, "createArtifact");
  text(fields, "storageType");
  return fields["putUrl"] === undefined ? {} : { putUrl: text(fields, "putUrl") };
}

/** Throws AnswerError. */
export function checkReservedObject(answer: unknown): ReservedObject {
  const fields = object(answer, "createArtifact");
  return {
    name: text(fields, "name"),
    projectId: text(fields, "projectId"),
    uploadId: text(fields, "uploadId"),
    expires: text(fields, "expires"),
    credentials: checkCredentials(fields["credentials"]),
  };
}

/** Throws AnswerError. */
export function checkUpload(answer: unknown): UploadMethod {
  const method = object(object(answer, "createUpload")["uploadMethod"], "uploadMethod");
  if (method["dataInline"] === true) return "stored";
  if (method["putUrl"] === undefined) return "none";
  const putUrl = object(method["putUrl"], "putUrl");
  const given = object(putUrl["headers"], "headers");
  const headers = Object.fromEntries(Object.keys(given).map((name) => [name, text(given, name)]));
  return { url: text(putUrl, "url"), headers };
}

/** finishUpload answers an empty object. Throws AnswerError. */
export function checkFinished(answer: unknown): void {
  object(answer, "finishUpload");
}

export interface RunStatus {
  readonly runId: number;
  readonly state: string;
  /** Absent while the run is not resolved. */
  readonly reasonResolved?: string;
  readonly workerGroup?: string;
  readonly workerId?: string;
}

/** The end of a worker's quarantine, which may be over; null when there never was one. Throws AnswerError. */
export function checkQuarantine(answer: unknown): Date | null {
  const worker = object(answer, "the worker");
  return worker["quarantineUntil"] === undefined ? null : date(worker, "quarantineUntil");
}

/** The values of a secret, by key. Throws AnswerError. */
export function checkSecret(answer: unknown): Record<string, unknown> {
  return { ...object(object(answer, "the answer")["secret"], "the secret") };
}

/** The runs of a task, oldest first. Throws AnswerError. */
export function checkRuns(answer: unknown): RunStatus[] {
  const runs = list(object(object(answer, "status")["status"], "status")["runs"], "runs");
  return runs.map((value) => {
    const run = object(value, "a run");
    const optional = (name: "reasonResolved" | "workerGroup" | "workerId") =>
      run[name] === undefined ? {} : { [name]: text(run, name) };
    return {
      runId: checkRunId(run["runId"]),
      state: text(run, "state"),
      ...optional("reasonResolved"),
      ...optional("workerGroup"),
      ...optional("workerId"),
    };
  });
}

/** What taskcluster-client throws, without the footer that the services add to their messages. */
export function checkFailure(thrown: unknown): { status: number | null; code: string; message: string } {
  const error = object(thrown instanceof Error ? thrown : {}, "an error");
  const status = error["statusCode"];
  const code = error["code"];
  const message = messageOf(thrown);
  return {
    status: typeof status === "number" ? status : null,
    code: typeof code === "string" ? code.slice(0, 100) : "UnknownError",
    message: (message.split("\n---\n")[0] ?? "")
      .replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ")
      .trim()
      .slice(0, 1_000),
  };
}
