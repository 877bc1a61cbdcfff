/**
 * The framing of node-ipc: UTF-8 JSON `{"type":…,"data":…}` and a form feed. JSON escapes a form feed inside a string,
 * so the byte never occurs in a frame. What is read is strict: text that JSON.stringify would not write again, byte for
 * byte, is refused. That rules out duplicate keys, odd numbers and stray spaces in one comparison.
 */
import type { ErrorCode } from "./errors.ts";
import { limits } from "./limits.ts";

const FORM_FEED = 0x0c;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class FrameError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function encodeFrame(message: { type: string; data: unknown }): string {
  return `${JSON.stringify({ type: message.type, data: message.data })}\f`;
}

function parseStrict(bytes: Uint8Array): unknown {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    if (JSON.stringify(value) === text) return value;
  } catch {
    // Bad UTF-8, no JSON, or nested so deep that stringify gives up: the same verdict for all.
  }
  throw new FrameError("frame-malformed", "the frame is not the strict JSON that this protocol uses");
}

/** Cuts a byte stream into frames. It holds at most one incomplete frame and never more than `limits.frameBytes`. */
export class FrameReader {
  #held = Buffer.alloc(0);
  /** Bytes of a frame that has begun and not ended. */
  pending = 0;

  /** Yields the parsed JSON of each frame that `chunk` completes. Throws FrameError; the reader is then done for. */
  *push(chunk: Buffer): Generator<unknown> {
    let from = 0;
    for (let end = chunk.indexOf(FORM_FEED); end >= 0; end = chunk.indexOf(FORM_FEED, from)) {
      this.#hold(chunk.subarray(from, end + 1));
      from = end + 1;
      const frame = this.#held.subarray(0, this.pending - 1);
      this.pending = 0;
      yield parseStrict(frame);
    }
    this.#hold(chunk.subarray(from));
  }

  /** One buffer that doubles: a frame that comes byte by byte costs no more memory than its length. */
  #hold(part: Buffer): void {
    const length = this.pending + part.length;
    const most = limits.frameBytes;
    if (length > most) throw new FrameError("frame-too-large", `a frame is larger than ${most} bytes`);
    const room = Math.min(most, Math.max(length, 2 * this.#held.length));
    if (length > this.#held.length) this.#held = Buffer.concat([this.#held], room);
    part.copy(this.#held, this.pending);
    this.pending = length;
  }
}
