/**
 * The frame reader. An input is two bytes that say how the stream is cut and whether its first string is blown up to the
 * limit of a frame, and then the stream.
 */
import { isUtf8 } from "node:buffer";
import { encodeFrame, FrameError, FrameReader } from "../../../shared/protocol/frames.ts";
import { limits } from "../../../shared/protocol/limits.ts";
import { clientSchemas } from "../../../shared/protocol/schemas.ts";
import { valueFor } from "../from-schema.ts";
import { changeJson } from "../json-text.ts";
import { Random } from "../random.ts";
import type { Target } from "../target.ts";

const formFeed = 0x0c;
/** The second byte of an input whose first string is blown up. */
const giant = 0xff;
const tooMany = 64 * 1024;

/** What a reader said to a stream: the JSON of each frame, the code it ended with, what it holds of an incomplete one. */
interface Reading {
  readonly frames: string[];
  code: string | undefined;
  pending: number;
}

/** The largest buffer that the reader asks for while `work` runs. */
function largestBuffer(work: () => void): number {
  const concat = Buffer.concat;
  let largest = 0;
  Buffer.concat = (list, length) => {
    largest = Math.max(largest, length ?? 0);
    return concat(list, length);
  };
  try {
    work();
  } finally {
    Buffer.concat = concat;
  }
  return largest;
}

/** What was read, written again: by the protocol's own function if it is a message. */
function written(value: unknown): string {
  const [one, other, ...more] = Object.keys(Object(value));
  const { type, data } = Object(value);
  const isMessage = one === "type" && other === "data" && more.length === 0 && typeof type === "string";
  return isMessage ? encodeFrame({ type, data }).slice(0, -1) : JSON.stringify(value);
}

function readWith(chunks: Iterable<Buffer>): Reading {
  const reader = new FrameReader();
  const reading: Reading = { frames: [], code: undefined, pending: 0 };
  const largest = largestBuffer(() => {
    try {
      for (const chunk of chunks) {
        for (const value of reader.push(chunk)) reading.frames.push(written(value));
        chunk.fill(0xff); // Its owner uses it again.
        if (reader.pending > limits.frameBytes) throw new Error(`${reader.pending} bytes are held`);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      reading.code = error.code;
    }
  });
  if (largest > limits.frameBytes) throw new Error(`a buffer of ${largest} bytes was made`);
  reading.pending = reading.code === undefined ? reader.pending : 0;
  return reading;
}

/** What the page docs/protocol.md promises, said in another way than the reader says it. */
function expected(stream: Buffer): Reading {
  const reading: Reading = { frames: [], code: undefined, pending: 0 };
  let from = 0;
  for (let end = stream.indexOf(formFeed); end >= 0; end = stream.indexOf(formFeed, from)) {
    const bytes = stream.subarray(from, end);
    if (bytes.length + 1 > limits.frameBytes) return { ...reading, code: "frame-too-large" };
    const text = bytes.toString("utf8");
    if (!isUtf8(bytes) || !isCanonical(text)) return { ...reading, code: "frame-malformed" };
    reading.frames.push(text);
    from = end + 1;
  }
  if (stream.length - from > limits.frameBytes) return { ...reading, code: "frame-too-large" };
  return { ...reading, pending: stream.length - from };
}

function isCanonical(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}

/** Plan 0: whole; 1: byte by byte, unless it is long; else in up to 17 pieces whose lengths the plan decides. */
function* cut(stream: Buffer, plan: number): Generator<Buffer> {
  const random = new Random(plan);
  const longest = plan === 1 && stream.length < tooMany ? 1 : Math.ceil(stream.length / (1 + (plan % 9))) || 1;
  for (let at = 0; at < stream.length; ) {
    const length = plan === 0 ? stream.length : 1 + random.below(longest);
    yield Buffer.from(stream.subarray(at, at + length));
    at += length;
  }
}

function streamOf(input: Buffer): Buffer {
  const stream = input.subarray(2);
  const at = stream.indexOf('"') + 1;
  if (input[1] !== giant || at === 0) return stream;
  const end = stream.indexOf(formFeed, at);
  const length = limits.frameBytes + ((input[0] ?? 0) % 5) - 2 - (end < 0 ? stream.length : end);
  return Buffer.concat([stream.subarray(0, at), Buffer.alloc(length, "x"), stream.subarray(at)]);
}

function message(random: Random): string {
  const type = random.pick(Object.keys(clientSchemas));
  const frame = encodeFrame({ type, data: valueFor(clientSchemas[type] ?? {}, random) });
  return random.oneIn(3) ? `${changeJson(frame.slice(0, -1), random)}\f` : frame;
}

export const frames: Target = {
  tokens: [
    ...["\f", "\f\f", "{}\f", "null\f", '{"type":"a","data":{}}\f', '"__proto__":', "\\f", "\\u000c", "\\u001F", "\\/"],
    ...["\ufeff", "\u2028", "\\ud800", "\\udc00", "\\ud83e\\udd8a", "\u{1f98a}", "1e21", "1E400", "-0", "0.1", "1.0"],
    ...[
      "12345678901234567890",
      "[".repeat(200),
      "]".repeat(200),
      '{"":',
      '{"1":0,"0":1}',
      '{"a":1,"a":2}',
      "\t",
      "\r\n",
    ],
  ],

  make(random) {
    const head = Buffer.from([random.below(256), random.oneIn(2000) ? giant : 0]);
    return Buffer.concat([head, ...Array.from({ length: 1 + random.small(4) }, () => Buffer.from(message(random)))]);
  },

  change(input, random) {
    if (input.length < 3) return undefined;
    const next = Buffer.from(input);
    if (next[1] === giant && !random.oneIn(100)) {
      next[1] = 0; // Each costs as much as hundreds of others.
      return next;
    }
    if (random.oneIn(8)) next[0] = random.below(256);
    if (random.oneIn(2)) return random.oneIn(2) ? undefined : next;
    const pieces = next.subarray(2).toString("utf8").split("\f");
    const which = random.below(pieces.length);
    const piece = pieces[which] ?? "";
    if (piece.length > 4096) return undefined;
    pieces[which] = changeJson(piece, random);
    return Buffer.concat([next.subarray(0, 2), Buffer.from(pieces.join("\f"))]);
  },

  run(input) {
    const stream = streamOf(input);
    const plan = (input[0] ?? 0) % 64;
    const wanted = expected(stream);
    const said = readWith(cut(stream, plan));
    const same =
      said.frames.length === wanted.frames.length && said.frames.every((each, at) => each === wanted.frames[at]);
    if (!same || said.code !== wanted.code || said.pending !== wanted.pending) {
      throw new Error(`cut by plan ${plan}, the reader said ${JSON.stringify(said).slice(0, 500)}`);
    }
    if (Object.keys(Object.prototype).length > 0) throw new Error("a frame has changed Object.prototype");
  },
};
