import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValidateFunction } from "ajv";
import type { ApiMethod } from "../../agent/local/api.ts";
import { artifactMethods } from "../../agent/local/artifact-routes.ts";
import { Artifacts } from "../../agent/local/artifacts.ts";
import { BlobUrls } from "../../agent/local/blob-routes.ts";
import { Blobs } from "../../agent/local/blobs.ts";
import { ClaimWaiters } from "../../agent/local/claim-waiters.ts";
import { Clients } from "../../agent/local/credentials.ts";
import { ManagedWorkers } from "../../agent/local/managed-workers.ts";
import { managerMethods } from "../../agent/local/manager-routes.ts";
import { objectMethods } from "../../agent/local/object-routes.ts";
import { validateCreateUpload, validateFinishUpload, validateStartDownload } from "../../agent/local/object-schemas.ts";
import { ObjectStore } from "../../agent/local/objects.ts";
import { purgeMethods } from "../../agent/local/purge-routes.ts";
import { Quarantine } from "../../agent/local/quarantine.ts";
import { runMethods } from "../../agent/local/run-routes.ts";
import {
  validateClaimWork,
  validateCreateArtifact,
  validateCreateTask,
  validateFinishArtifact,
  validatePurgeCache,
  validateRegister,
  validateReportException,
  validateReregister,
} from "../../agent/local/schemas.ts";
import { type ClaimedRun, QueueState } from "../../agent/local/state.ts";
import { taskMethods } from "../../agent/local/task-routes.ts";
import { definition } from "./fixture.ts";
import { loadPublished, needsReferences } from "./published.ts";

function services(): [string, ApiMethod[]][] {
  const now = Date.now;
  const ignore = () => undefined;
  const state = new QueueState({ now, claimTimeoutMs: 1, deadlineDelayMs: 1, onChange: ignore, onPending: ignore });
  const clients = new Clients(now);
  const issuer = clients.add("issuer", ["*"]);
  const blobs = new Blobs("/nonexistent", now);
  const urls = new BlobUrls(blobs, () => "");
  const objects = new ObjectStore(clients, issuer, now);
  const waiters = new ClaimWaiters<ClaimedRun>();
  return [
    [
      "queue",
      [
        ...taskMethods(state, now),
        ...runMethods({ state, waiters, clients, issuer, longPollMs: 1, quarantine: new Quarantine(now) }),
        ...artifactMethods({ state, artifacts: new Artifacts(), blobs, urls, objects, now }),
      ],
    ],
    ["object", objectMethods(objects, blobs, urls, now)],
    ["purge-cache", purgeMethods(now)],
    ["worker-manager", managerMethods({ workers: new ManagedWorkers(), clients, issuer, credentialsMs: 1, now })],
  ];
}

for (const [service, methods] of services()) {
  for (const method of methods) {
    test(`${service}.${method.name} has the published method, route, query and scopes`, {
      skip: needsReferences,
    }, () => {
      const entry = loadPublished().entries(service).get(method.name);
      assert.ok(entry, "no such call is published");
      assert.deepEqual(
        [method.http.toLowerCase(), method.route, [...(method.query ?? [])].sort()],
        [entry.method, entry.route, [...entry.query].sort()],
      );
      if (method.scopes)
        assert.equal(
          method.scopes((name) => `<${name}>`),
          entry.scopes,
        );
    });
  }
}

const task = definition(Date.now());
const slugid = "Hw5o_nfpSWmBAplu29j5WQ";
const expires = new Date().toISOString();
const s3 = { storageType: "s3", expires, contentType: "text/plain" };
const upload = { projectId: "none", uploadId: slugid, expires, proposedUploadMethods: {} };
const long = (length: number) => "x".repeat(length);
const managed = { workerPoolId: "p/mac", workerGroup: "g", workerId: "w" };
const registration = { ...managed, providerId: "static", workerIdentityProof: { staticSecret: long(44) } };

/** Requests, good and bad, by the call that takes them. */
const requests: [string, string, ValidateFunction<unknown>, object[]][] = [
  [
    "queue",
    "createTask",
    validateCreateTask,
    [
      task,
      {},
      { ...task, other: 1 },
      ...["created", "deadline", "payload", "metadata"].map((name) => ({ ...task, [name]: undefined })),
      { ...task, payload: [] },
      { ...task, created: "yesterday" },
      { ...task, created: "2026-01-01T00:00:00Z" },
      { ...task, priority: "normal" },
      { ...task, priority: "very-high" },
      { ...task, retries: 49 },
      { ...task, retries: 50 },
      { ...task, retries: 1.5 },
      { ...task, requires: "none" },
      { ...task, workerType: "Mac" },
      { ...task, workerType: long(38) },
      { ...task, workerType: long(39) },
      { ...task, taskQueueId: "a/b/c" },
      { ...task, schedulerId: "" },
      { ...task, projectId: "" },
      { ...task, projectId: "a/b.c" },
      { ...task, taskGroupId: "group" },
      { ...task, taskGroupId: slugid },
      { ...task, dependencies: [slugid] },
      { ...task, dependencies: [slugid, slugid] },
      { ...task, dependencies: ["x"] },
      { ...task, routes: [""] },
      { ...task, routes: [long(249)] },
      { ...task, routes: [long(250)] },
      { ...task, routes: ["a", "a"] },
      { ...task, scopes: ["é"] },
      { ...task, scopes: ["a", "a"] },
      { ...task, tags: { a: 1 } },
      { ...task, tags: { a: long(4097) } },
      { ...task, extra: [] },
      { ...task, metadata: { name: "n", description: "d", owner: "o" } },
      { ...task, metadata: { name: "n", description: "d", owner: "o", source: "ftp://x" } },
      { ...task, metadata: { name: long(256), description: "d", owner: "o", source: "https://x" } },
      { ...task, metadata: { name: "n", description: "d", owner: "o", source: "https://x", more: 1 } },
    ],
  ],
  [
    "worker-manager",
    "registerWorker",
    validateRegister,
    [
      registration,
      {},
      ...Object.keys(registration).map((name) => ({ ...registration, [name]: undefined })),
      { ...registration, systemBootTime: expires },
      { ...registration, systemBootTime: "today" },
      { ...registration, other: 1 },
      { ...registration, workerPoolId: "pool" },
      { ...registration, workerPoolId: "p/Mac" },
      { ...registration, workerId: "" },
      { ...registration, workerId: long(39) },
      { ...registration, workerIdentityProof: {} },
      { ...registration, workerIdentityProof: { staticSecret: long(43) } },
      { ...registration, workerIdentityProof: { staticSecret: long(44), more: 1 } },
    ],
  ],
  [
    "worker-manager",
    "reregisterWorker",
    validateReregister,
    [
      { ...managed, secret: long(44) },
      { ...managed, secret: long(45) },
      { ...managed, secret: "!".repeat(44) },
      { ...managed, secret: long(44), providerId: "static" },
      managed,
    ],
  ],
  [
    "queue",
    "claimWork",
    validateClaimWork,
    [
      { workerGroup: "a", workerId: "b" },
      { workerGroup: "a", workerId: "b", tasks: 32 },
      { workerGroup: "a", workerId: "b", tasks: 33 },
      { workerGroup: "a", workerId: "b", tasks: 0 },
      { workerGroup: "a", workerId: "b", tasks: "1" },
      { workerGroup: "a" },
      { workerGroup: "a", workerId: "b.c" },
      { workerGroup: long(39), workerId: "b" },
      { workerGroup: "a", workerId: "" },
      { workerGroup: "a", workerId: "b", more: 1 },
    ],
  ],
  [
    "queue",
    "reportException",
    validateReportException,
    [{ reason: "worker-shutdown" }, { reason: "canceled" }, {}, { reason: "internal-error", more: 1 }],
  ],
  [
    "queue",
    "createArtifact",
    validateCreateArtifact,
    [
      s3,
      {},
      { ...s3, storageType: "azure" },
      { ...s3, contentLength: 0 },
      { ...s3, contentLength: -1 },
      { ...s3, contentType: long(256) },
      { ...s3, contentType: undefined },
      { ...s3, expires: undefined },
      { ...s3, url: "http://x" },
      { ...s3, storageType: "object" },
      { ...s3, storageType: "object", contentLength: 4 },
      { ...s3, storageType: "reference" },
      { ...s3, storageType: "reference", url: "http://x/y" },
      { ...s3, storageType: "reference", url: "not a url" },
      { storageType: "reference", url: "http://x/y", expires },
      { storageType: "link", expires, artifact: "a" },
      { storageType: "link", expires, artifact: "a", contentType: "b" },
      { storageType: "link", expires },
      { storageType: "error", expires, reason: "file-missing-on-worker", message: "m" },
      { storageType: "error", expires, reason: "other", message: "m" },
      { storageType: "error", expires, reason: "file-missing-on-worker" },
      { storageType: "error", expires, reason: "file-missing-on-worker", message: long(4097) },
    ],
  ],
  [
    "queue",
    "finishArtifact",
    validateFinishArtifact,
    [{ uploadId: slugid }, { uploadId: "x" }, {}, { uploadId: slugid, a: 1 }],
  ],
  [
    "purge-cache",
    "purgeCache",
    validatePurgeCache,
    [{ cacheName: "a" }, { cacheName: 1 }, {}, { cacheName: "a", b: 1 }],
  ],
  [
    "object",
    "createUpload",
    validateCreateUpload,
    [
      upload,
      { ...upload, uploadId: "x" },
      { ...upload, projectId: "" },
      { ...upload, hashes: { sha256: long(64) } },
      { ...upload, hashes: { sha256: "x" } },
      { ...upload, proposedUploadMethods: { dataInline: { contentType: "a", objectData: "b" } } },
      { ...upload, proposedUploadMethods: { dataInline: { contentType: "a", objectData: long(10_927) } } },
      { ...upload, proposedUploadMethods: { putUrl: { contentType: "a", contentLength: 1 } } },
      { ...upload, proposedUploadMethods: { putUrl: { contentType: "a" } } },
      { ...upload, proposedUploadMethods: { other: {} } },
    ],
  ],
  [
    "object",
    "finishUpload",
    validateFinishUpload,
    [
      { projectId: "a", uploadId: slugid },
      { projectId: "a" },
      { projectId: "a", uploadId: slugid, hashes: { sha512: "" } },
    ],
  ],
  [
    "object",
    "startDownload",
    validateStartDownload,
    [
      { acceptDownloadMethods: { getUrl: true } },
      { acceptDownloadMethods: { getUrl: false } },
      { acceptDownloadMethods: {} },
      { acceptDownloadMethods: { other: true } },
      {},
    ],
  ],
];

for (const [service, name, validate, bodies] of requests) {
  test(`${service}.${name} accepts what the published schema accepts, and fills in the same`, {
    skip: needsReferences,
  }, () => {
    const published = loadPublished();
    const entry = published.entries(service).get(name);
    const theirs = published.validator(service, entry?.input ?? "");
    const verdicts = new Set<boolean>();
    for (const body of bodies) {
      const text = JSON.stringify(body);
      const [forUs, forThem]: unknown[] = [JSON.parse(text), JSON.parse(text)];
      const verdict = validate(forUs);
      assert.equal(verdict, theirs(forThem), `different verdicts about ${text.slice(0, 300)}`);
      if (verdict) assert.deepEqual(forUs, forThem);
      verdicts.add(verdict);
    }
    assert.equal(verdicts.size, 2, "there are good and bad requests");
  });
}
