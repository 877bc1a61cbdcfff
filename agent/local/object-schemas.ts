/** What the calls of the object service accept. */
import type { ValidateFunction } from "ajv";
import { ajv, date, object, slugid } from "./schemas.ts";

export interface CreateUploadRequest {
  projectId: string;
  uploadId: string;
  expires: string;
  hashes?: Record<string, string>;
  proposedUploadMethods: {
    dataInline?: { contentType: string; objectData: string };
    putUrl?: { contentType: string; contentLength: number };
  };
}

export interface FinishUploadRequest {
  projectId: string;
  uploadId: string;
  hashes?: Record<string, string>;
}

export interface StartDownloadRequest {
  acceptDownloadMethods: { simple?: true; getUrl?: true };
}

const upload = {
  projectId: { type: "string", pattern: "^[a-zA-Z0-9._/-]{1,500}$" },
  uploadId: { type: "string", pattern: slugid },
  hashes: {
    type: "object",
    properties: {
      sha256: { type: "string", pattern: "^[a-z0-9]{64}$" },
      sha512: { type: "string", pattern: "^[a-z0-9]{128}$" },
    },
    additionalProperties: { type: "string" },
  },
};
const contentType = { type: "string" };

const createUploadSchema = object(["projectId", "uploadId", "expires", "proposedUploadMethods"], {
  ...upload,
  expires: date,
  proposedUploadMethods: object([], {
    // Base64 of 8 KiB.
    dataInline: object(["contentType", "objectData"], {
      contentType,
      objectData: { type: "string", maxLength: 10_926 },
    }),
    putUrl: object(["contentType", "contentLength"], { contentType, contentLength: { type: "integer" } }),
  }),
});

const finishUploadSchema = object(["uploadId", "projectId"], upload);

const startDownloadSchema = object(["acceptDownloadMethods"], {
  acceptDownloadMethods: object([], { simple: { const: true }, getUrl: { const: true } }),
});

export const validateCreateUpload: ValidateFunction<CreateUploadRequest> = ajv.compile(createUploadSchema);
export const validateFinishUpload: ValidateFunction<FinishUploadRequest> = ajv.compile(finishUploadSchema);
export const validateStartDownload: ValidateFunction<StartDownloadRequest> = ajv.compile(startDownloadSchema);
