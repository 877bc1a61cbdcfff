/** Upload and download URLs of blobs. They carry their own permission, as presigned URLs do. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Blobs, maxBlobBytes } from "./blobs.ts";
import { type FaultPlan, take503, takeDrop } from "./faults.ts";

const uploadPath = "/local/uploads";
const downloadPath = "/local/blobs";

export class BlobUrls {
  readonly #blobs: Blobs;
  readonly #rootUrl: () => string;

  constructor(blobs: Blobs, rootUrl: () => string) {
    this.#blobs = blobs;
    this.#rootUrl = rootUrl;
  }

  /** A new URL for one blob and content type, good for 45 minutes. */
  put(blobId: string, contentType: string): { putUrl: string; expires: string } {
    const { secret, expires } = this.#blobs.allowUpload(blobId, contentType);
    return { putUrl: `${this.#rootUrl()}${uploadPath}/${secret}`, expires };
  }

  get(blobId: string): string {
    return `${this.#rootUrl()}${downloadPath}/${blobId}`;
  }
}

function lastSegment(request: FastifyRequest): string {
  return request.url.slice(request.url.lastIndexOf("/") + 1);
}

function refuse(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.code(status).type("application/json").send({ code, message });
}

async function put(
  blobs: Blobs,
  faults: FaultPlan,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (faults.delayMs) await sleep(faults.delayMs);
  if (take503(faults, "putBlob")) return refuse(reply, 503, "SlowDown", "A test asked for this error.");
  const upload = blobs.upload(lastSegment(request));
  const { "content-length": length, "content-type": type, "content-encoding": encoding } = request.headers;
  if (!upload) return refuse(reply, 403, "AccessDenied", "The upload URL is unknown or has expired.");
  if (length === undefined) return refuse(reply, 411, "MissingContentLength", "A PUT needs a Content-Length.");
  if (Number(length) > maxBlobBytes) return refuse(reply, 400, "EntityTooLarge", "A PUT takes 5 GiB at most.");
  if (type !== upload.contentType) {
    return refuse(
      reply,
      403,
      "SignatureDoesNotMatch",
      `The URL was signed for the Content-Type ${upload.contentType}.`,
    );
  }
  await blobs.write(upload, request.raw, Number(length), encoding);
  if (takeDrop(faults, "putBlob")) {
    reply.hijack();
    request.raw.socket.destroy();
    return reply;
  }
  return reply.code(200).send();
}

function get(blobs: Blobs, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const blob = blobs.get(lastSegment(request));
  if (!blob) return refuse(reply, 404, "NoSuchKey", "Nothing has been uploaded here.");
  reply.header("content-type", blob.contentType).header("content-length", blob.bytes);
  if (blob.contentEncoding) reply.header("content-encoding", blob.contentEncoding);
  return reply.send(blobs.read(blob));
}

/** Adds the two routes. Bodies are streamed to disk and from it, never held in memory. */
export function registerBlobs(app: FastifyInstance, blobs: Blobs, faults: () => FaultPlan): void {
  app.route({
    method: "PUT",
    url: `${uploadPath}/:secret`,
    // Here, because fastify refuses Content-Types that are not well-formed, and an artifact may have any.
    onRequest: (request, reply) => put(blobs, faults(), request, reply),
    handler: async (_request, reply) => reply,
  });
  app.route({
    method: "GET",
    url: `${downloadPath}/:blobId`,
    handler: async (request, reply) => get(blobs, request, reply),
  });
}
