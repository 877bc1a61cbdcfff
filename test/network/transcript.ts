/** Calls and answers as a text that is the same for every run that does the same. */
import type { Exchange } from "./faulty-proxy.ts";

/** Values that differ from run to run, by the name of their field. */
const masked: Readonly<Record<string, string>> = {
  accessToken: "<secret>",
  certificate: "<secret>",
  objectData: "<base64>",
  sha256: "<hash>",
  sha512: "<hash>",
  contentLength: "<length>",
  "content-length": "<length>",
  "Content-Length": "<length>",
};
/** What belongs to a connection, not to a call. */
const connectionHeaders: ReadonlySet<string> = new Set(["host", "connection", "transfer-encoding"]);

const patterns: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "<date>"],
  [/http:\/\/127\.0\.0\.1:\d+/g, "<rootURL>"],
  [/\/local\/uploads\/[\w-]+/g, "/local/uploads/<secret>"],
  [/\/log\/[\w-]+/g, "/log/<secret>"],
  [/until\/\d+/g, "until/<time>"],
];

function plain(text: string, ids: ReadonlyMap<string, string>): string {
  let changed = text;
  for (const [id, name] of ids) changed = changed.replaceAll(id, name);
  for (const [pattern, name] of patterns) changed = changed.replaceAll(pattern, name);
  return changed;
}

function json(text: string, ids: ReadonlyMap<string, string>): string {
  if (text === "") return "";
  const whole = JSON.parse(text, (name, value) => masked[name] ?? value);
  return plain(JSON.stringify(whole, null, 1), ids);
}

function headersOf({ headers }: Exchange): string[] {
  return Object.entries(headers)
    .filter(([name]) => !connectionHeaders.has(name))
    .map(([name, value]) => {
      if (name !== "authorization") return `${name}: ${masked[name] ?? value}`;
      return `authorization: ${/^Hawk id="[^"]*"/.exec(String(value))?.[0] ?? "<none>"} …`;
    })
    .sort();
}

/** `ids` are those of this run, with names. Bodies of uploads are left out. */
export function transcript(exchanges: readonly Exchange[], ids: ReadonlyMap<string, string>): string {
  const parts = exchanges.map((exchange) => {
    const { call, method, path, body, answer } = exchange;
    const isPut = call === "put";
    const sent = isPut ? "<file>" : json(body.toString(), ids);
    const got = answer ? `${answer.status} ${isPut ? "" : json(answer.body, ids)}` : "no answer";
    const head = [`${method} ${path}`, ...headersOf(exchange)].map((line) => plain(line, ids));
    return [`## ${call}`, ...head, ...(sent === "" ? [] : [sent]), `→ ${got.trim()}`, ""].join("\n");
  });
  // A claim is renewed as often as time demands.
  return parts.filter((part, n) => !part.startsWith("## reclaimTask") || parts.indexOf(part) === n).join("\n");
}
