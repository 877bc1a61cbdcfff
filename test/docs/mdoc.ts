/** Texts as mdoc, the language of manual pages on a Mac: ASCII, short lines, nothing that roff reads as its own. */

const columns = 80;

function wrapped(line: string): string[] {
  const lines: string[] = [];
  for (const each of line.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${each}`;
    if (lines.length > 0 && longer.length < columns) lines.splice(-1, 1, longer);
    else lines.push(each);
  }
  return lines;
}

function named(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  return `\\[u${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}

/** Prose, each sentence on lines of its own; code spans of Markdown become quoted words, and links their text. */
export function prose(markdown: string): string {
  return markdown
    .replaceAll("\\", "\\e")
    .replaceAll(/\[([^\]]+)\]\([^)\s]+\)/g, "$1")
    .replaceAll(/(?<!\w)--?(?=[A-Za-z])/g, (dashes) => dashes.replaceAll("-", "\\-"))
    .replaceAll("**", "")
    .replaceAll(/`([^`]*)`/g, "\\(oq$1\\(cq")
    .replaceAll("…", "...")
    .replaceAll(/[^\n -~]/g, named)
    .replaceAll(/\. (?=[A-Z])/g, ".\n")
    .split("\n")
    .flatMap(wrapped)
    .map((line) => (/^[.']/.test(line) ? `\\&${line}` : line))
    .join("\n");
}

/** A sentence from words that are none by themselves. */
export function sentence(markdown: string): string {
  const words = markdown.charAt(0).toUpperCase() + markdown.slice(1);
  return prose(/[.?!]$/.test(words) ? words : `${words}.`);
}

/** A word behind a macro. Two letters, the first a capital, may be the name of a macro. */
export function word(plain: string): string {
  const escaped = plain.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[A-Z][a-z]$/.test(escaped) ? `\\&${escaped}` : escaped;
}

export function tagList(items: readonly (readonly [tag: string, text: string])[]): string {
  return [".Bl -tag -width Ds", ...items.flatMap(([tag, text]) => [`.It ${tag}`, text]), ".El"].join("\n");
}
