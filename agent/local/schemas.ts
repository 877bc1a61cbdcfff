/** What the calls accept, as closed JSON Schemas, and the validators made of them. */
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { priorities } from "./pending.ts";
import type { LocalTask, ReportedReason, Worker } from "./types.ts";

export type CreateTaskRequest = Omit<
  LocalTask,
  "provisionerId" | "workerType" | "taskQueueId" | "taskGroupId" | "expires"
> &
  Partial<Pick<LocalTask, "provisionerId" | "workerType" | "taskQueueId" | "taskGroupId" | "expires">>;

export type ClaimWorkRequest = Worker & { readonly tasks: number };

type ManagedWorker = Worker & { readonly workerPoolId: string };
export type RegisterRequest = ManagedWorker & {
  readonly providerId: string;
  readonly workerIdentityProof: { readonly staticSecret: string };
};
export type ReregisterRequest = ManagedWorker & { readonly secret: string };

export type CreateArtifactRequest =
  | { storageType: "s3" | "object"; expires: string; contentType: string; contentLength?: number }
  | { storageType: "reference"; expires: string; contentType: string; url: string }
  | { storageType: "link"; expires: string; contentType?: string; artifact: string }
  | { storageType: "error"; expires: string; reason: string; message: string };

export const slugid = "^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$";
const identifier = "^[a-zA-Z0-9-_]{1,38}$";
const workerType = "^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$";
const taskQueueId = `${identifier.slice(0, -1)}/${workerType.slice(1)}`;

/** What a parameter in a URL must look like. */
export const parameterPatterns: Readonly<Record<string, RegExp>> = {
  taskId: new RegExp(slugid),
  taskQueueId: new RegExp(taskQueueId),
  workerPoolId: /^[A-Za-z0-9_-]{1,38}\/[A-Za-z0-9_-]{1,38}$/,
  provisionerId: new RegExp(identifier),
  workerType: new RegExp(workerType),
  workerGroup: new RegExp(identifier),
  workerId: new RegExp(identifier),
  runId: /^[1-9]*[0-9]+$/,
  name: /^[\x20-\x7e]+$/,
  continuationToken: /^[0-9]+$/,
  since: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  limit: /^[1-9][0-9]{0,3}$/,
};

export const date = { type: "string", format: "date-time" };
const text = (maxLength: number, more: object = {}) => ({ type: "string", maxLength, ...more });
export const object = (required: readonly string[], properties: object) => ({
  type: "object",
  additionalProperties: false,
  required,
  properties,
});

const createTaskSchema = object(["created", "deadline", "payload", "metadata"], {
  provisionerId: { type: "string", pattern: identifier },
  workerType: { type: "string", pattern: workerType },
  taskQueueId: { type: "string", pattern: taskQueueId },
  schedulerId: { type: "string", pattern: identifier, default: "-" },
  projectId: text(500, { pattern: "^[a-zA-Z0-9._/-]+$", default: "none" }),
  taskGroupId: { type: "string", pattern: slugid },
  dependencies: {
    type: "array",
    items: { type: "string", pattern: slugid },
    maxItems: 10_000,
    uniqueItems: true,
    default: [],
  },
  requires: { type: "string", enum: ["all-completed", "all-resolved"], default: "all-completed" },
  routes: { type: "array", items: text(249, { minLength: 1 }), maxItems: 64, uniqueItems: true, default: [] },
  priority: { type: "string", enum: priorities, default: "lowest" },
  retries: { type: "integer", minimum: 0, maximum: 49, default: 5 },
  created: date,
  deadline: date,
  expires: date,
  scopes: { type: "array", items: { type: "string", pattern: "^[ -~]*$" }, default: [] },
  payload: { type: "object" },
  metadata: object(["name", "description", "owner", "source"], {
    name: text(255),
    description: text(32_768),
    owner: text(255),
    source: text(4096, { pattern: "^(https?://|ssh://|git@)" }),
  }),
  tags: { type: "object", additionalProperties: text(4096), default: {} },
  extra: { type: "object", default: {} },
});

// `tasks` is required once its default is filled in, which is what happens first.
const claimWorkSchema = object(["workerGroup", "workerId", "tasks"], {
  workerGroup: { type: "string", pattern: identifier },
  workerId: { type: "string", pattern: identifier },
  tasks: { type: "integer", minimum: 1, maximum: 32, default: 1 },
});

const reportExceptionSchema = object(["reason"], {
  reason: {
    type: "string",
    enum: ["worker-shutdown", "malformed-payload", "resource-unavailable", "internal-error", "intermittent-task"],
  },
});

const contentType = text(255);
const stored = {
  expires: date,
  contentType,
  contentLength: { type: "integer", minimum: 0 },
};

const createArtifactSchema = {
  type: "object",
  discriminator: { propertyName: "storageType" },
  oneOf: [
    object(["storageType", "expires", "contentType"], { storageType: { enum: ["s3", "object"] }, ...stored }),
    object(["storageType", "expires", "contentType", "url"], {
      storageType: { enum: ["reference"] },
      expires: date,
      contentType,
      url: { type: "string", format: "uri" },
    }),
    object(["storageType", "expires", "artifact"], {
      storageType: { enum: ["link"] },
      expires: date,
      contentType,
      artifact: { type: "string" },
    }),
    object(["storageType", "expires", "reason", "message"], {
      storageType: { enum: ["error"] },
      expires: date,
      reason: {
        type: "string",
        enum: [
          "file-missing-on-worker",
          "invalid-resource-on-worker",
          "too-large-file-on-worker",
          "file-not-readable-on-worker",
        ],
      },
      message: text(4096),
    }),
  ],
};

const finishArtifactSchema = object(["uploadId"], { uploadId: { type: "string", pattern: slugid } });

const purgeCacheSchema = object(["cacheName"], { cacheName: { type: "string" } });

const secret = { type: "string", pattern: "^[a-zA-Z0-9_-]{44}$" };
const managed = {
  workerPoolId: { type: "string", pattern: taskQueueId },
  workerGroup: { type: "string", pattern: identifier },
  workerId: { type: "string", pattern: identifier },
};
const registerSchema = object([...Object.keys(managed), "providerId", "workerIdentityProof"], {
  ...managed,
  providerId: { type: "string", pattern: identifier },
  systemBootTime: date,
  // Other providers have other proofs; there are none here.
  workerIdentityProof: object(["staticSecret"], { staticSecret: secret }),
});
const reregisterSchema = object([...Object.keys(managed), "secret"], { ...managed, secret });

export const ajv = new Ajv({ useDefaults: true, discriminator: true, strict: true });
formats.default(ajv);

export const validateCreateTask: ValidateFunction<CreateTaskRequest> = ajv.compile(createTaskSchema);
export const validateClaimWork: ValidateFunction<ClaimWorkRequest> = ajv.compile(claimWorkSchema);
export const validateReportException: ValidateFunction<{ reason: ReportedReason }> = ajv.compile(reportExceptionSchema);
export const validateCreateArtifact: ValidateFunction<CreateArtifactRequest> = ajv.compile(createArtifactSchema);
export const validateFinishArtifact: ValidateFunction<{ uploadId: string }> = ajv.compile(finishArtifactSchema);
export const validatePurgeCache: ValidateFunction<{ cacheName: string }> = ajv.compile(purgeCacheSchema);
export const validateRegister: ValidateFunction<RegisterRequest> = ajv.compile(registerSchema);
export const validateReregister: ValidateFunction<ReregisterRequest> = ajv.compile(reregisterSchema);

/** One sentence about why the last call of the validator refused its input. */
export function complaint(validate: ValidateFunction<never> | ValidateFunction<unknown>): string {
  const [error] = validate.errors ?? [];
  const where = error?.instancePath ? `data${error.instancePath.replaceAll("/", ".")}` : "data";
  const extra = error?.params["additionalProperty"];
  const name = typeof extra === "string" ? ` ('${extra}')` : "";
  return `Schema validation failed: ${where} ${error?.message ?? "is not valid"}${name}.`;
}
