/** The lines of a log, one after the other, in constant memory. */

/** Far above what the helper writes: a longer line is none of its own. */
const maxLine = 1024 * 1024;

export interface LogLine {
  /** Without its line end; undefined when it is too long to be the helper's. */
  readonly bytes: Buffer | undefined;
  /** False for what follows the last line end. */
  readonly ended: boolean;
}

export async function* logLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (ended: boolean): LogLine => {
    const line = { bytes: size > maxLine ? undefined : Buffer.concat(parts), ended };
    [parts, size] = [[], 0];
    return line;
  };
  const add = (part: Buffer): void => {
    size += part.length;
    if (size <= maxLine) parts.push(part);
    else parts = [];
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, to));
      from = to + 1;
      yield take(true);
    }
    add(chunk.subarray(from));
  }
  if (size > 0) yield take(false);
}
