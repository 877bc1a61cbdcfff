/** Writes docs/errors.md from the codes and sentences in shared/protocol/errors.ts: `node test/protocol/error-page.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { errorCodes } from "../../shared/protocol/errors.ts";

const source = new URL("../../shared/protocol/errors.ts", import.meta.url);

/** Codes by the comment above them in the source: `fatal` or `refused`. */
function kinds(): Map<string, string> {
  const found = new Map<string, string>();
  let kind = "";
  for (const line of readFileSync(source, "utf8").split("\n")) {
    kind = /^ {2}\/\/ `(fatal|refused)`/.exec(line)?.[1] ?? kind;
    const code = /^ {2}"?([a-z-]+)"?: "/.exec(line)?.[1];
    if (code) found.set(code, kind);
  }
  return found;
}

export function errorPage(): string {
  const kind = kinds();
  /** Columns padded as the formatter of this project writes them. */
  const table = (wanted: string): string[] => {
    const rows = Object.entries(errorCodes)
      .filter(([code]) => kind.get(code) === wanted)
      .map(([code, meaning]) => [`\`${code}\``, meaning] as const);
    const width = Math.max(...rows.map(([code]) => code.length));
    const widest = Math.max(...rows.map(([, meaning]) => meaning.length));
    const row = (code: string, meaning: string): string => `| ${code.padEnd(width)} | ${meaning.padEnd(widest)} |`;
    return [row("code", "meaning"), row("-".repeat(width), "-".repeat(widest)), ...rows.map((each) => row(...each))];
  };
  return `${[
    "# Error codes of the helper",
    "",
    "Generated from `shared/protocol/errors.ts` by `node test/protocol/error-page.ts`; a test compares.",
    "",
    "## `fatal`: the agent broke the protocol",
    "",
    "The helper says the code once, closes the connection and ends everything that the connection made. An honest agent",
    "never meets one of these, except `busy`.",
    "",
    ...table("fatal"),
    "",
    "## `refused`: the request was not carried out",
    "",
    "The connection stays, and so does everything that it made.",
    "",
    ...table("refused"),
  ].join("\n")}\n`;
}

if (import.meta.main) {
  writeFileSync(new URL("../../docs/errors.md", import.meta.url), errorPage());
}
