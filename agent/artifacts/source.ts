/** Bytes on their way out, and the promise that there are exactly as many as was said. */
import type { Readable } from "node:stream";
import { EngineError, ResourceError } from "../engine/engine.ts";
import { messageOf } from "../thrown.ts";

/** What is sent, opened anew for every try. */
export interface Source {
  /** Bytes that `open` gives. */
  readonly size: number;
  /** Throws ResourceError. */
  open(): Promise<Readable>;
}

/** All that will be sent, kept by the agent: whatever becomes of the file, every try sends the same bytes. */
export interface Copy extends Source {
  /** To be called when it is not needed any more. */
  remove(): Promise<void>;
}

/**
 * The chunks of `body`. Throws ResourceError when it breaks, or has not exactly `size` bytes; the last chunk is held back
 * until that is known, so that whoever counts the bytes of a wrong file never has all of them.
 */
export async function* exactly(body: Readable, size: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let held: Uint8Array | null = null;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > size) break;
      if (held) yield held;
      held = chunk;
    }
  } catch (error) {
    if (error instanceof ResourceError || error instanceof EngineError) throw error;
    const why = messageOf(error);
    throw new ResourceError("invalid-resource-on-worker", `The file could not be read to its end: ${why}`);
  }
  if (bytes !== size) throw changed(size);
  if (held) yield held;
}

/** The file is not what it was when it was opened. */
export function changed(size: number): ResourceError {
  return new ResourceError(
    "invalid-resource-on-worker",
    `The file changed while it was read: it had ${size} bytes at first`,
  );
}
