/** Changes that know nothing of the input: what they break, no format had in mind. */
import type { Random } from "./random.ts";

const oddBytes = [0x00, 0x09, 0x0a, 0x0c, 0x20, 0x22, 0x2d, 0x30, 0x5c, 0x7f, 0x80, 0xbf, 0xc0, 0xed, 0xf4, 0xfe, 0xff];

/** Longer inputs are cut: executions per second count for more than length. */
const maxBytes = 16 * 1024;

function replaced(input: Buffer, from: number, to: number, by: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, from), by, input.subarray(to)]);
}

function changedOnce(input: Buffer, random: Random, tokens: readonly string[], other: Buffer): Buffer {
  const at = random.below(input.length + 1);
  const to = Math.min(input.length, at + 1 + random.small(32));
  switch (random.below(8)) {
    case 0: {
      if (input.length === 0) return Buffer.from([random.pick(oddBytes)]);
      const copy = Buffer.from(input);
      const place = random.below(copy.length);
      copy[place] = (copy[place] ?? 0) ^ (1 << random.below(8));
      return copy;
    }
    case 1:
      return replaced(input, at, at, Buffer.from([random.pick(oddBytes)]));
    case 2:
      return replaced(input, at, Math.min(input.length, at + 1), Buffer.from([random.below(256)]));
    case 3:
      return replaced(input, at, at, Buffer.from(random.pick(tokens)));
    case 4:
      return replaced(input, at, to, Buffer.from(random.pick(tokens)));
    case 5:
      return replaced(input, at, to, Buffer.alloc(0));
    case 6:
      return replaced(input, random.below(input.length + 1), at, input.subarray(at, to));
    default: {
      const start = random.below(other.length + 1);
      return replaced(input, at, random.oneIn(2) ? at : input.length, other.subarray(start, start + random.small(512)));
    }
  }
}

/** One to four random changes: bits, bytes, tokens, pieces removed and repeated, pieces of another input. */
export function changeBytes(input: Buffer, random: Random, tokens: readonly string[], other: Buffer): Buffer {
  let bytes = input;
  for (let left = 1 + random.small(4); left > 0; left -= 1) bytes = changedOnce(bytes, random, tokens, other);
  return bytes.subarray(0, Math.max(maxBytes, input.length));
}
