/** gzip of bytes alone: no name, no time, and the same on every system. */
import { gzipSync } from "node:zlib";

/** Where the form (RFC 1952) says which system it was; zlib writes another number on a Mac. */
const systemAt = 9;
const unix = 3;

export function gzip(content: Buffer): Buffer {
  const compressed = Buffer.from(gzipSync(content));
  compressed[systemAt] = unix;
  return compressed;
}
