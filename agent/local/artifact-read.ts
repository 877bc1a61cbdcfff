/** Finding an artifact, following links, and saying where its content is. */
import type { Answer, Call } from "./api.ts";
import type { ArtifactContext } from "./artifact-create.ts";
import type { Artifact } from "./artifacts.ts";
import { ApiError } from "./errors.ts";
import { objectName } from "./objects.ts";
import { runOf } from "./run-routes.ts";
import { recordOf } from "./task-routes.ts";
import type { RunStatus } from "./types.ts";

const pageSize = 1000;

/** An artifact that was asked for, once links are followed, with the object service's name for it. */
interface Found {
  readonly artifact: Artifact;
  readonly objectName: string;
}

/** Follows links within the run. The caller must have the scope of every name on the way. Throws ApiError. */
async function findArtifact({ state, artifacts, now }: ArtifactContext, call: Call, latest: boolean): Promise<Found> {
  const taskId = call.param("taskId");
  const runId = latest ? (state.record(taskId)?.runs.at(-1)?.runId ?? 0) : call.runId;
  const names = [call.param("name")];
  let artifact = artifacts.get(taskId, runId, call.param("name"));
  while (artifact?.link !== undefined) {
    const circle = names.includes(artifact.link);
    names.push(artifact.link);
    if (circle) throw new ApiError("InputError", `The links ${names.join(" -> ")} go in a circle.`);
    artifact = artifacts.get(taskId, runId, artifact.link);
  }
  await call.authorize({ AllOf: names.map((name) => `queue:get-artifact:${name}`) });
  if (!artifact?.present) {
    throw new ApiError("ResourceNotFound", `Run ${runId} of the task has no artifact named ${names.at(-1)}.`);
  }
  if (Date.parse(artifact.expires) < now()) {
    throw new ApiError("ResourceExpired", `The artifact ${artifact.name} has expired.`);
  }
  return { artifact, objectName: objectName(taskId, runId, artifact.name) };
}

/** A redirect to the content, or 424 for an artifact that stands for an error. Throws ApiError. */
export async function getArtifact(context: ArtifactContext, call: Call, latest: boolean): Promise<Answer> {
  const found = await findArtifact(context, call, latest);
  const { storageType, reason, message } = found.artifact;
  const headers = { "x-taskcluster-artifact-storage-type": storageType };
  if (storageType === "error") return { status: 424, headers, body: { reason, message } };
  const url = contentUrl(context, found);
  return { status: 303, headers: { ...headers, location: url }, body: { storageType, url } };
}

/** Where the content is, as JSON. Throws ApiError. */
export async function artifactContent(context: ArtifactContext, call: Call, latest: boolean): Promise<Answer> {
  const found = await findArtifact(context, call, latest);
  const { storageType, reason, message } = found.artifact;
  if (storageType === "error") return { body: { storageType, reason, message } };
  if (storageType !== "object") return { body: { storageType, url: contentUrl(context, found) } };
  const name = found.objectName;
  return { body: { storageType, name, credentials: context.objects.downloadCredentials(name) } };
}

function contentUrl({ urls, objects }: ArtifactContext, { artifact, objectName }: Found): string {
  if (artifact.url !== undefined) return artifact.url;
  return urls.get(artifact.blobId ?? objects.blobId(objectName));
}

/** The run in the URL or the last one, whichever the call is about. Throws ApiError (404). */
function chosenRun({ state }: ArtifactContext, call: Call, latest: boolean): RunStatus {
  const record = recordOf(state, call);
  if (!latest) return runOf(record, call);
  const run = record.runs.at(-1);
  if (!run) throw new ApiError("ResourceNotFound", `Task ${record.taskId} has no runs.`);
  return run;
}

function describe({ name, storageType, contentType, expires, contentLength }: Artifact): Record<string, unknown> {
  return { storageType, name, expires, contentType, ...(contentLength !== undefined && { contentLength }) };
}

/** Links are not followed. Throws ApiError (404). */
export function artifactInfo(context: ArtifactContext, call: Call, latest: boolean): Answer {
  const run = chosenRun(context, call, latest);
  const artifact = context.artifacts.get(call.param("taskId"), run.runId, call.param("name"));
  if (!artifact?.present) {
    throw new ApiError("ResourceNotFound", `Run ${run.runId} has no artifact named ${call.param("name")}.`);
  }
  return { body: describe(artifact) };
}

/** One page, sorted by name. Throws ApiError (404). */
export function listArtifacts(context: ArtifactContext, call: Call, latest: boolean): Answer {
  const run = chosenRun(context, call, latest);
  const all = context.artifacts.list(call.param("taskId"), run.runId).filter(({ present }) => present);
  const from = Number(call.query("continuationToken") ?? 0);
  const to = from + Math.min(Number(call.query("limit") ?? pageSize), pageSize);
  const artifacts = all.slice(from, to).map(describe);
  return { body: { artifacts, ...(to < all.length && { continuationToken: String(to) }) } };
}
