import assert from "node:assert/strict";
import { test } from "node:test";
import { taskcluster } from "./client.ts";
import { definition, iso, minutes, pool, signedFetch, startFixture, worker } from "./fixture.ts";
import { loadPublished, needsReferences } from "./published.ts";

test("every answer is what the published schema of the call says", { skip: needsReferences }, async (t) => {
  const published = loadPublished();
  const { queue, apiUrl, root, now, createTask } = await startFixture(t);
  const checked = new Set<string>();
  const expires = iso(now() + minutes(60));

  async function call(name: string, params: string[], body?: object): Promise<Record<string, unknown>> {
    const service =
      ["queue", "object", "purge-cache", "worker-manager"].find((one) => published.entries(one).has(name)) ?? "";
    const entry = published.entries(service).get(name);
    assert.ok(entry, `${name} is published`);
    let left = params;
    const route = entry.route.replaceAll(/<\w+>/g, () => {
      const [next = "", ...rest] = left;
      left = rest;
      return encodeURIComponent(next);
    });
    const method = entry.method.toUpperCase();
    const init = { method, redirect: "manual", ...(body && { body: JSON.stringify(body) }) } as const;
    const url = `${apiUrl.replace("queue", service)}${route}`;
    const answer = await signedFetch(url, init, queue.rootCredentials);
    const text = await answer.text();
    assert.ok(answer.status < 400, `${name} was answered ${answer.status}: ${text}`);
    checked.add(name);
    if (!entry.output) return {};
    const json: Record<string, unknown> = JSON.parse(text);
    const validate = published.validator(service, entry.output);
    assert.ok(validate(structuredClone(json)), `${name}: ${JSON.stringify(validate.errors)} in ${text}`);
    return json;
  }

  await call("ping", []);
  const taskId = taskcluster.slugid();
  await call("createTask", [taskId], definition(now(), { dependencies: [taskId], tags: { a: "b" } }));
  await call("status", [taskId]);
  await call("scheduleTask", [taskId]);
  await call("task", [taskId]);
  await call("claimWork", [pool], { ...worker, tasks: 4 });
  await call("claimWork", [pool], { ...worker, tasks: 4 });
  const { workerGroup, workerId } = worker;
  await call("getWorker", [...pool.split("/"), workerGroup, workerId]);
  queue.quarantine(workerGroup, workerId, new Date(now() - 1));
  await call("getWorker", [...pool.split("/"), workerGroup, workerId]);
  await call("reclaimTask", [taskId, "0"]);
  const artifacts = [
    { name: "s3", storageType: "s3", contentType: "text/plain", contentLength: 3, expires },
    { name: "reference", storageType: "reference", contentType: "text/plain", url: "http://127.0.0.1:1/", expires },
    { name: "link", storageType: "link", artifact: "s3", expires },
    { name: "error", storageType: "error", reason: "file-missing-on-worker", message: "gone", expires },
  ];
  for (const { name, ...request } of artifacts) {
    await call("createArtifact", [taskId, "0", name], request);
    await call("artifactInfo", [taskId, "0", name]);
    await call("latestArtifactInfo", [taskId, name]);
    await call("artifact", [taskId, "0", name]);
    await call("latestArtifact", [taskId, name]);
    if (name === "error") continue;
    await call("getArtifact", [taskId, "0", name]);
    await call("getLatestArtifact", [taskId, name]);
  }
  const request = { storageType: "object", contentType: "text/plain", expires };
  const object = await call("createArtifact", [taskId, "0", "object"], request);
  const [name, uploadId, projectId] = [String(object["name"]), object["uploadId"], object["projectId"]];
  const dataInline = { contentType: "text/plain", objectData: "aGVsbG8=" };
  const putUrl = { contentType: "text/plain", contentLength: 5 };
  for (const proposedUploadMethods of [{}, { putUrl }, { dataInline, putUrl }]) {
    await call("createUpload", [name], { projectId, uploadId, expires, proposedUploadMethods });
  }
  await call("finishUpload", [name], { projectId, uploadId, hashes: {} });
  await call("finishArtifact", [taskId, "0", "object"], { uploadId });
  await call("startDownload", [name], { acceptDownloadMethods: { simple: true } });
  await call("startDownload", [name], { acceptDownloadMethods: { getUrl: true } });
  await call("artifact", [taskId, "0", "object"]);
  await call("getArtifact", [taskId, "0", "object"]);
  await call("listArtifacts", [taskId, "0"]);
  await call("listLatestArtifacts", [taskId]);
  await call("reportException", [taskId, "0"], { reason: "worker-shutdown" });
  await call("cancelTask", [taskId]);
  await call("rerunTask", [taskId]);
  for (const report of ["reportCompleted", "reportFailed"]) {
    const other = await createTask({ priority: "highest" });
    await root.claimWork(pool, { ...worker, tasks: 1 });
    await call(report, [other, "0"]);
  }
  await call("purgeCache", [pool], { cacheName: "checkouts" });
  await call("purgeRequests", [pool]);
  const managed = { workerPoolId: pool, ...worker };
  const staticSecret = queue.addStaticWorker({ ...managed, providerId: "static" });
  const identity = { providerId: "static", workerIdentityProof: { staticSecret } };
  const { secret } = await call("registerWorker", [], { ...managed, ...identity });
  await call("reregisterWorker", [], { ...managed, secret });
  await call("shouldWorkerTerminate", [pool, workerGroup, workerId]);
  queue.terminate(managed, "too many");
  await call("shouldWorkerTerminate", [pool, workerGroup, workerId]);
  assert.equal(checked.size, 31);
});
