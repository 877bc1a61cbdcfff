/** Things that whoever knows their secret may reach. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

export class Secrets<T> {
  readonly #digests = new Map<T, Buffer>();

  /** The secret of a thing that has none yet: 192 random bits, as a word for a URL. */
  add(thing: T): string {
    const secret = randomBytes(24).toString("base64url");
    this.#digests.set(thing, digestOf(secret));
    return secret;
  }

  /** Compares digests, and all of them: neither the time nor the order tells anything about a secret. */
  find(secret: string): T | null {
    const asked = digestOf(secret);
    let found: T | null = null;
    for (const [thing, digest] of this.#digests) if (timingSafeEqual(digest, asked)) found = thing;
    return found;
  }

  /** False when it was removed before. */
  remove(thing: T): boolean {
    return this.#digests.delete(thing);
  }
}
