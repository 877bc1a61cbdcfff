/** A copy of a small file in memory: with thousands of them, a file on the disk for each costs more than all else. */
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Copy } from "./source.ts";

/** Times the uploads at once, and compressed once more: a few megabytes. */
export const mostHeldBytes = 256 * 1024;

const compress = promisify(gzip);

/** Throws what `chunks` throws. The caller knows that they are not more than `mostHeldBytes`. */
export async function hold(chunks: AsyncIterable<Uint8Array>, encoding: "identity" | "gzip"): Promise<Copy> {
  const plain = await buffer(chunks);
  const bytes = encoding === "gzip" ? await compress(plain) : plain;
  return { size: bytes.length, open: async () => Readable.from([bytes]), remove: async () => undefined };
}
