/**
 * A directory of many small files as artifacts, beside the same files one by one. The queue of the bench is on loopback, so
 * it is given the latency of a real network: a constant wait before each call and each upload.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import slugid from "slugid";
import taskcluster from "taskcluster-client";
import { checkArtifact } from "../../agent/queue/check.ts";
import type { BenchWorker } from "./bench-worker.ts";
import { type Options, progress, type Row } from "./measure.ts";
import { idleMemory, watchPeak } from "./process-memory.ts";
import { warmUser } from "./warm-user.ts";

/** From a Mac to the queue and to the storage of another continent it is more. */
const LATENCY_MS = 30;
const ONE_BY_ONE = 200;
const content = "0123456789abcdef\n".repeat(60);

/** Milliseconds for `files` files, from the end of the command to the task's resolution. */
async function folder(worker: BenchWorker, files: number): Promise<number> {
  await warmUser(worker);
  const lines = `mkdir out && cd out && for ((i = 0; i < ${files}; i++)); do printf %s "$1" >$i.txt; done; echo made`;
  const artifacts = [{ type: "directory", path: "out", name: "public/out" }];
  const taskId = await worker.createTask(["/bin/bash", "-c", lines, "make", content], { artifacts });
  const [output, resolved] = [worker.event(taskId, "output"), worker.event(taskId, "resolved")];
  const took = (await resolved).at - (await output).lastAt;
  await worker.event(taskId, "gone");
  const stored = worker.queue.artifacts(taskId).filter(({ name, blob }) => blob && name.startsWith("public/out/"));
  if (stored.length !== files) throw new Error(`of ${files} files ${stored.length} were stored`);
  return took;
}

/** Milliseconds for one file, when only what must be done is done, one after the other: no task user, no copy on disk. */
async function oneByOne({ queue }: BenchWorker): Promise<number> {
  const { rootUrl, rootCredentials } = queue;
  const client = new taskcluster.Queue({ rootUrl, credentials: { ...rootCredentials }, retries: 0, timeout: 10_000 });
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const [taskId, expires] = [slugid.nice(), at(7200)];
  await client.createTask(taskId, {
    ...{ provisionerId: "bench", workerType: "one-by-one", created: at(0), deadline: at(3600), expires },
    metadata: { name: "bench", description: "bench", owner: "bench@localhost", source: "https://localhost/" },
    payload: {},
  });
  await client.claimWork("bench/one-by-one", { workerGroup: "bench", workerId: "one-by-one", tasks: 1 });
  const compress = promisify(gzip);
  const contentType = "text/plain; charset=utf-8";
  const began = performance.now();
  for (let file = 0; file < ONE_BY_ONE; file += 1) {
    const announced = { storageType: "s3", expires, contentType, contentLength: content.length };
    const { putUrl } = checkArtifact(await client.createArtifact(taskId, 0, `public/out/${file}.txt`, announced));
    const headers = { "content-type": contentType, "content-encoding": "gzip" };
    const body = new Uint8Array(await compress(content));
    const { status } = await fetch(putUrl ?? "", { method: "PUT", headers, body });
    if (status !== 200) throw new Error(`the baseline's PUT was answered ${status}`);
  }
  const took = (performance.now() - began) / ONE_BY_ONE;
  await client.cancelTask(taskId);
  return took;
}

/** Two rows. The worker has capacity 1. */
export async function artifactFolder(worker: BenchWorker, { short }: Options): Promise<Row[]> {
  const files = short ? 1_000 : 10_000;
  const { faults } = worker.queue;
  await folder(worker, 100);
  await warmUser(worker);
  const idle = await idleMemory(worker.agentPid);
  worker.queue.faults = { ...faults, delayMs: LATENCY_MS };
  const before = await oneByOne(worker);
  const peakOf = watchPeak(worker.agentPid);
  const tookMs = await folder(worker, files);
  const grown = peakOf() - idle.resident;
  const after = await oneByOne(worker);
  worker.queue.faults = faults;
  const [figure, single] = [(files * 1000) / tookMs, 2000 / (before + after)];
  progress(
    `artifacts: ${figure.toFixed(0)} files/s, one by one ${single.toFixed(1)} files/s, ${grown.toFixed(0)} MB more`,
  );
  return [
    {
      measure: `a directory of ${files} files uploaded, ${LATENCY_MS} ms a request`,
      ...{ unit: "files/s", figure, baseline: { what: "the same one by one", figure: single } },
      target: { of: "ratio", bound: "least", value: 5 },
      detail: { files, latencyMs: LATENCY_MS, tookMs, oneByOneMs: [before, after] },
    },
    {
      measure: `agent, growth while ${files} files are uploaded`,
      ...{ unit: "MB", figure: grown, baseline: { what: "agent, idle", figure: idle.resident } },
      // Ten uploads at once hold a few megabytes; the rest is what the collector of garbage leaves lying.
      target: { of: "figure", bound: "most", value: 100 },
    },
  ];
}
