/**
 * One artifact in the object service: reserved by the queue, uploaded as the service likes best, finished with its
 * hashes, and then shown by the queue. Nobody sees it before, so a file that breaks under way is never taken for good.
 */
import { TaskError } from "../outcome.ts";
import type { ObjectUpload } from "../queue/object-upload.ts";
import type { Patience } from "../queue/task-queue.ts";
import type { PutTarget, UploadMethods } from "../queue/types.ts";
import type { TaskContext } from "../task-context.ts";
import { artifactPatienceMs, asCause, UploadStopped } from "./create.ts";
import { HashedSource } from "./hashed-source.ts";
import { exactly, type Source } from "./source.ts";
import { type Retries, store } from "./store.ts";

/** What the service takes within a request; it is base64 there. */
const mostInlineBytes = 8192;

export interface ObjectFile {
  readonly name: string;
  readonly expires: string;
  readonly contentType: string;
  readonly source: Source;
}

/** Throws what `store` throws. */
export async function uploadObject(task: TaskContext, file: ObjectFile, retries: Retries): Promise<void> {
  const { name, expires, contentType } = file;
  const source = new HashedSource(file.source);
  // Before the name is taken: a file that cannot be read to its end is to become an error artifact.
  const dataInline =
    source.size > mostInlineBytes ? {} : { dataInline: { contentType, objectData: await read(source) } };
  const request = { storageType: "object", expires, contentType } as const;
  const object = await call(task, name, (patience) => task.queue.createObject(name, request, patience));
  const methods = { ...dataInline, putUrl: { contentType, contentLength: source.size } };
  try {
    await send(task, { name, source }, object, methods, retries);
    await call(task, name, (patience) => object.finish(source.hashes, patience));
  } catch (error) {
    object.abandon();
    throw error;
  }
}

/** Resolves when the service has the content. */
async function send(
  task: TaskContext,
  file: { readonly name: string; readonly source: Source },
  object: ObjectUpload,
  methods: UploadMethods,
  retries: Retries,
): Promise<void> {
  const { name } = file;
  const propose = () => call(task, name, (patience) => object.propose(methods, patience));
  let method = await propose();
  if (method === "stored") return;
  let isUsed = false;
  const newTarget = async (): Promise<PutTarget> => {
    if (isUsed) method = await propose();
    isUsed = true;
    if (typeof method === "object") return method;
    throw new TaskError("internal-error", `The object service gave no address to upload artifact ${name} to`);
  };
  await store(task, file, newTarget, retries);
}

function call<T>(task: TaskContext, name: string, action: (patience: Patience) => Promise<T>): Promise<T> {
  if (task.signal.aborted) throw new UploadStopped(name);
  return asCause(task, name, () => action({ withinMs: artifactPatienceMs, signal: task.signal }));
}

async function read(source: Source): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of exactly(await source.open(), source.size)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("base64");
}
