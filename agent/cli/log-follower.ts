/** Passes a task log on while it grows, as text in whole lines where there are any. */

/** A line longer than this is passed on in pieces, so that a task without line ends costs no memory. */
const longestLine = 64 * 1024;

/** Resolves at the end of the log. `take` is waited for, so a slow reader slows only this. Throws what `chunks` throws. */
export async function followLines(
  chunks: AsyncIterable<Uint8Array>,
  take: (text: string) => Promise<void>,
): Promise<void> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of chunks) {
    pending += decoder.decode(chunk, { stream: true });
    const end = pending.lastIndexOf("\n") + 1;
    const cut = end === 0 && pending.length > longestLine ? pending.length : end;
    if (cut === 0) continue;
    await take(pending.slice(0, cut));
    pending = pending.slice(cut);
  }
  pending += decoder.decode();
  if (pending !== "") await take(pending);
}

/** Every line of `text` behind `prefix`, each with a line end. */
export function prefixLines(prefix: string, text: string): string {
  const lines = text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n");
  return lines.map((line) => `${prefix}${line}\n`).join("");
}
