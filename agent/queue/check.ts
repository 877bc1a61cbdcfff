/** Answers of the queue, checked by hand and given their types. The one place of the queue client with `as`. */
import { messageOf } from "../thrown.ts";
import type { Claim, ClaimedRun, Credentials, RunId, TaskDefinition, TaskId } from "./types.ts";

/** The queue answered something that is not what its published schema says. */
export class AnswerError extends Error {
  constructor(what: string) {
    super(`The queue's answer is not usable: ${what}.`);
    this.name = "AnswerError";
  }
}

type Fields = Readonly<Record<string, unknown>>;

const slug = /^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$/;

function object(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AnswerError(`${what} is no object`);
  return value as Fields;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new AnswerError(`${what} is no list`);
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new AnswerError(`${name} is no text`);
  return value;
}

function texts(fields: Fields, name: string): readonly string[] {
  return list(fields[name] ?? [], name).map((value) => {
    if (typeof value !== "string") throw new AnswerError(`${name} has an item that is no text`);
    return value;
  });
}

function date(fields: Fields, name: string): Date {
  const value = new Date(text(fields, name));
  if (Number.isNaN(value.getTime())) throw new AnswerError(`${name} is no date`);
  return value;
}

function checkTaskId(value: string): TaskId {
  if (!slug.test(value)) throw new AnswerError("taskId is no slug");
  return value as TaskId;
}

function checkRunId(value: unknown): RunId {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0)
    throw new AnswerError("runId is no run number");
  return value as RunId;
}

function checkCredentials(value: unknown): Credentials {
  const fields = object(value, "credentials");
  const credentials = { clientId: text(fields, "clientId"), accessToken: text(fields, "accessToken") };
  if (fields["certificate"] === undefined) return credentials;
  const certificate = text(fields, "certificate");
  object(parseJson(certificate), "certificate");
  return { ...credentials, certificate };
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

function checkRun(value: unknown): ClaimedRun {
  const claim = object(value, "a claim");
  return {
    taskId: checkTaskId(text(object(claim["status"], "status"), "taskId")),
    runId: checkRunId(claim["runId"]),
    takenUntil: date(claim, "takenUntil"),
    credentials: checkCredentials(claim["credentials"]),
  };
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

/** Throws AnswerError. */
export function checkReclaim(answer: unknown): { takenUntil: Date; credentials: Credentials } {
  const fields = object(answer, "reclaimTask");
  return { takenUntil: date(fields, "takenUntil"), credentials: checkCredentials(fields["credentials"]) };
}

/** Throws AnswerError. */
export function checkArtifact(answer: unknown): { putUrl?: string } {
  const fields = object(answer, "createArtifact");
  return fields["putUrl"] === undefined ? {} : { putUrl: text(fields, "putUrl") };
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
    code: typeof code === "string" ? code : "UnknownError",
    message: (message.split("\n---\n")[0] ?? "").trim().slice(0, 1_000),
  };
}
