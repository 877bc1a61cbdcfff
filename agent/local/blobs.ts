/** The "S3": files in one directory, written through upload URLs that nobody can guess, read through others. */
import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, type ReadStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** What S3 takes in one PUT. */
export const maxBlobBytes = 5 * 1024 ** 3;
const uploadMs = 45 * 60_000;

export interface Blob {
  readonly path: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly bytes: number;
}

export interface Upload {
  readonly blobId: string;
  /** Signed into the URL: the PUT must carry exactly this. */
  readonly contentType: string;
  readonly expiresMs: number;
}

export class Blobs {
  readonly #dir: string;
  readonly #now: () => number;
  readonly #blobs = new Map<string, Blob>();
  readonly #uploads = new Map<string, Upload>();
  #writes = 0;

  constructor(dir: string, now: () => number) {
    this.#dir = dir;
    this.#now = now;
  }

  /** A name that cannot be guessed and may stand in a URL and in a file name. */
  newId(): string {
    return randomBytes(24).toString("base64url");
  }

  get(blobId: string): Blob | undefined {
    return this.#blobs.get(blobId);
  }

  /** The secret part of an upload URL, good for 45 minutes; forgets those that have expired. */
  allowUpload(blobId: string, contentType: string): { secret: string; expires: string } {
    for (const [secret, upload] of this.#uploads) {
      if (upload.expiresMs <= this.#now()) this.#uploads.delete(secret);
    }
    const secret = this.newId();
    const expiresMs = this.#now() + uploadMs;
    this.#uploads.set(secret, { blobId, contentType, expiresMs });
    return { secret, expires: new Date(expiresMs).toISOString() };
  }

  upload(secret: string): Upload | undefined {
    const upload = this.#uploads.get(secret);
    return upload && upload.expiresMs > this.#now() ? upload : undefined;
  }

  /** Writes a blob, replacing an older one only when all `bytes` have come. Throws what stream and disk throw. */
  async write(upload: Upload, body: Readable, bytes: number, contentEncoding: string | undefined): Promise<Blob> {
    this.#writes += 1;
    const part = join(this.#dir, `${upload.blobId}.${this.#writes}.part`);
    const path = join(this.#dir, upload.blobId);
    try {
      await pipeline(body, createWriteStream(part, { mode: 0o600 }));
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    const blob = { path, contentType: upload.contentType, bytes, ...(contentEncoding && { contentEncoding }) };
    this.#blobs.set(upload.blobId, blob);
    return blob;
  }

  read(blob: Blob): ReadStream {
    return createReadStream(blob.path);
  }
}
