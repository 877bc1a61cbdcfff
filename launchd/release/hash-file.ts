/** SHA-256 of a file in lower-case hex, read piece by piece: Node alone has more than 100 MB. */
import { createHash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";

/** Follows no link in the last component. */
export function hashFile(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const hash = createHash("sha256");
    const piece = Buffer.allocUnsafe(1024 * 1024);
    for (let read = readSync(descriptor, piece); read > 0; read = readSync(descriptor, piece)) {
      hash.update(piece.subarray(0, read));
    }
    return hash.digest("hex");
  } finally {
    closeSync(descriptor);
  }
}
