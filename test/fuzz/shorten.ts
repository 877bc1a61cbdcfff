/** The input with pieces taken out for as long as `keeps` says that it still does what it did, `tries` times at most. */
export function shorten(input: Buffer, keeps: (input: Buffer) => boolean, tries: number): Buffer {
  let best = input;
  let left = tries;
  for (let size = Math.ceil(input.length / 2); size >= 1 && left > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && left > 0; left -= 1) {
      const next = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (keeps(next)) best = next;
      else at += size;
    }
  }
  return best;
}
