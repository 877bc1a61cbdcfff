/** Creating an artifact of a run, and finishing an object. */
import slugid from "slugid";
import type { Answer, Call } from "./api.ts";
import { type Artifacts, artifactOf } from "./artifacts.ts";
import type { BlobUrls } from "./blob-routes.ts";
import type { Blobs } from "./blobs.ts";
import { ApiError } from "./errors.ts";
import { type ObjectStore, objectName } from "./objects.ts";
import { validateCreateArtifact, validateFinishArtifact } from "./schemas.ts";
import type { QueueState } from "./state.ts";
import type { TaskRecord } from "./task-record.ts";

/** After an exception a worker may still upload for this long. */
const lateUploadMs = 25 * 60_000;
const expiresSkewMs = 15 * 60_000;

export interface ArtifactContext {
  readonly state: QueueState;
  readonly artifacts: Artifacts;
  readonly blobs: Blobs;
  readonly urls: BlobUrls;
  readonly objects: ObjectStore;
  readonly now: () => number;
}

function checkMayUpload(context: ArtifactContext, call: Call, expires: string): TaskRecord {
  const now = context.now();
  const record = context.state.record(call.param("taskId"));
  const expiresMs = Date.parse(expires);
  if (Number.isNaN(expiresMs) || expiresMs < now - expiresSkewMs) {
    throw new ApiError("InputError", "The artifact's expires is in the past.");
  }
  // Not 404: that is how the service answers here.
  if (!record) throw new ApiError("InputError", `There is no task ${call.param("taskId")}.`);
  const run = record.runs[call.runId];
  if (!run?.workerId) throw new ApiError("InputError", `Task ${record.taskId} has no claimed run ${call.runId}.`);
  if (expiresMs > Date.parse(record.task.expires)) {
    throw new ApiError("InputError", "The artifact's expires is after the task's expires.");
  }
  const late = run.state === "exception" && Date.parse(run.resolved ?? "") + lateUploadMs >= now;
  if (run.state !== "running" && !late) {
    throw new ApiError("RequestConflict", `Run ${run.runId} is ${run.state} and takes no more artifacts.`);
  }
  return record;
}

/** Throws ApiError; a second object of one name fails as in the service, with 500. */
export function createArtifact(context: ArtifactContext, call: Call): Answer {
  const request = call.input(validateCreateArtifact);
  const record = checkMayUpload(context, call, request.expires);
  const { taskId } = record;
  const name = call.param("name");
  const isObject = request.storageType === "object";
  const wanted = artifactOf(name, request, isObject ? slugid.v4() : context.blobs.newId());
  const object = objectName(taskId, call.runId, name);
  const { projectId } = record.task;
  const { uploadId: reserved, expires: until } = wanted;
  const blobId = context.blobs.newId();
  if (reserved && !context.objects.reserve(object, { projectId, uploadId: reserved, expires: until, blobId })) {
    // The object service refuses a second upload of a name, and the queue does not translate that refusal.
    throw new Error(`there is an object ${object} already`);
  }
  const artifact = context.artifacts.create(taskId, call.runId, wanted);
  if (!artifact) throw new ApiError("RequestConflict", `Run ${call.runId} has another artifact named ${name}.`);
  const { storageType, contentType } = artifact;
  if (artifact.blobId) {
    const { putUrl, expires } = context.urls.put(artifact.blobId, contentType);
    return { body: { storageType, putUrl, expires, contentType } };
  }
  if (artifact.uploadId) {
    const { uploadId, expires } = artifact;
    const credentials = context.objects.uploadCredentials(projectId, object);
    return { body: { storageType, name: object, projectId, uploadId, expires, credentials } };
  }
  return { body: { storageType } };
}

/** Makes an uploaded object visible. Throws ApiError (400, 404). */
export function finishArtifact(context: ArtifactContext, call: Call): Answer {
  const { uploadId } = call.input(validateFinishArtifact);
  const [taskId, name] = [call.param("taskId"), call.param("name")];
  const artifact = context.artifacts.get(taskId, call.runId, name);
  if (!artifact) throw new ApiError("ResourceNotFound", `Run ${call.runId} has no artifact named ${name}.`);
  if (artifact.storageType !== "object")
    throw new ApiError("InputError", "Only artifacts of type object are finished.");
  if (artifact.uploadId !== uploadId) throw new ApiError("InputError", "The uploadId is not that of the artifact.");
  if (!context.objects.isFinished(objectName(taskId, call.runId, name))) {
    throw new ApiError("InputError", "The object has not been uploaded.");
  }
  context.artifacts.finish(taskId, call.runId, artifact);
  return { status: 204 };
}
