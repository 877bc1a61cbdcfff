/** The object service, as far as artifacts need it: two ways to upload, two ways to download. */
import { Readable } from "node:stream";
import type { Answer, ApiMethod, Call } from "./api.ts";
import type { BlobUrls } from "./blob-routes.ts";
import type { Blobs } from "./blobs.ts";
import { ApiError } from "./errors.ts";
import { validateCreateUpload, validateFinishUpload, validateStartDownload } from "./object-schemas.ts";
import type { ObjectStore, StoredObject } from "./objects.ts";

const urlMs = 60_000;

export function objectMethods(objects: ObjectStore, blobs: Blobs, urls: BlobUrls, now: () => number): ApiMethod[] {
  async function createUpload(call: Call): Promise<Answer> {
    const { projectId, uploadId, expires, proposedUploadMethods } = call.input(validateCreateUpload);
    const name = call.param("name");
    await call.authorize(`object:upload:${projectId}:${name}`);
    if (!objects.reserve(name, { projectId, uploadId, expires, blobId: blobs.newId() })) {
      throw new ApiError("RequestConflict", `There is another upload of the object ${name}.`);
    }
    const blobId = objects.blobId(name);
    const { dataInline, putUrl } = proposedUploadMethods;
    const answer = { projectId, uploadId, expires };
    if (dataInline) {
      const data = Buffer.from(dataInline.objectData, "base64");
      const upload = { blobId, contentType: dataInline.contentType, expiresMs: now() + urlMs };
      await blobs.write(upload, Readable.from([data]), data.length, undefined);
      return { body: { ...answer, uploadMethod: { dataInline: true } } };
    }
    if (!putUrl) return { body: { ...answer, uploadMethod: {} } };
    const signed = urls.put(blobId, putUrl.contentType);
    const headers = { "Content-Type": putUrl.contentType, "Content-Length": String(putUrl.contentLength) };
    return { body: { ...answer, uploadMethod: { putUrl: { url: signed.putUrl, expires: signed.expires, headers } } } };
  }

  function objectOf(name: string): StoredObject {
    const object = objects.get(name);
    if (!object) throw new ApiError("ResourceNotFound", `There is no object ${name}.`);
    return object;
  }

  async function finishUpload(call: Call): Promise<Answer> {
    const { projectId, uploadId, hashes = {} } = call.input(validateFinishUpload);
    const name = call.param("name");
    await call.authorize(`object:upload:${projectId}:${name}`);
    const object = objectOf(name);
    if (object.uploadId !== uploadId || object.projectId !== projectId) {
      throw new ApiError("RequestConflict", `The uploadId is not that of the object ${name}.`);
    }
    const changed = Object.entries(hashes).some(([algorithm, hash]) => {
      const known = object.hashes[algorithm];
      return known === undefined ? object.finished : known !== hash;
    });
    if (changed) throw new ApiError("RequestConflict", `The object ${name} has other hashes.`);
    if (!blobs.get(object.blobId))
      throw new ApiError("InputError", `Nothing has been uploaded for the object ${name}.`);
    Object.assign(object.hashes, hashes);
    object.finished = true;
    return { body: {} };
  }

  function startDownload(call: Call): Answer {
    const { acceptDownloadMethods } = call.input(validateStartDownload);
    const object = objectOf(call.param("name"));
    if (!object.finished)
      throw new ApiError("ResourceNotFound", `The object ${call.param("name")} is not uploaded yet.`);
    const url = urls.get(object.blobId);
    if (acceptDownloadMethods.getUrl) {
      const expires = new Date(now() + urlMs).toISOString();
      return { body: { method: "getUrl", url, expires, hashes: object.hashes } };
    }
    if (acceptDownloadMethods.simple) return { body: { method: "simple", url } };
    throw new ApiError("InputError", "None of the download methods is known here.");
  }

  return [
    { name: "createUpload", http: "PUT", route: "/upload/<name>", handle: createUpload },
    { name: "finishUpload", http: "POST", route: "/finish-upload/<name>", handle: finishUpload },
    {
      name: "startDownload",
      http: "PUT",
      route: "/start-download/<name>",
      scopes: (param) => `object:download:${param("name")}`,
      handle: startDownload,
    },
  ];
}
