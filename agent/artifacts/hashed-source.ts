/** A source whose bytes are hashed as they are read. */
import { createHash } from "node:crypto";
import { pipeline, type Readable, Transform } from "node:stream";
import type { Hashes } from "../queue/types.ts";
import type { Source } from "./source.ts";

export class HashedSource implements Source {
  readonly size: number;
  readonly #source: Source;
  #hashes: Hashes | null = null;

  constructor(source: Source) {
    this.#source = source;
    this.size = source.size;
  }

  /** Of the newest stream that was read to its end. Throws an Error when there is none. */
  get hashes(): Hashes {
    if (!this.#hashes) throw new Error("A file was stored that has not been read to its end.");
    return this.#hashes;
  }

  async open(): Promise<Readable> {
    const [sha256, sha512] = [createHash("sha256"), createHash("sha512")];
    const hashing = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        sha256.update(chunk);
        sha512.update(chunk);
        done(null, chunk);
      },
      flush: (done) => {
        this.#hashes = { sha256: sha256.digest("hex"), sha512: sha512.digest("hex") };
        done();
      },
    });
    // An error of either stream ends the other, and reaches whoever reads.
    pipeline(await this.#source.open(), hashing, () => undefined);
    return hashing;
  }
}
