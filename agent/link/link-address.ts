/** The address of a link: what may be fetched, and how it is named where everybody can read it. */
import { TaskError } from "../outcome.ts";

/** The address for a log or a message: without user, password, fragment and the values of its query. */
export function maskAddress(address: URL): string {
  const user = address.username || address.password ? "***@" : "";
  const names = [...new Set(address.searchParams.keys())].map((name) => `${encodeURIComponent(name)}=***`);
  const query = names.length > 0 ? `?${names.join("&")}` : "";
  return `${address.protocol}//${user}${address.host}${address.pathname}${query}`;
}

function maskText(text: string): string {
  return JSON.stringify(
    text
      .replace(/[?#].*$/s, "")
      .replace(/\/\/[^/]*@/, "//***@")
      .slice(0, 300),
  );
}

/** What the payload calls an address. */
export type Noun = "link" | "context";

/** `base` is the address that redirected here. Throws TaskError `malformed-payload`. */
export function parseAddress(text: string, noun: Noun, base?: URL): URL {
  const address = URL.parse(text, base?.href);
  if (!address) throw new TaskError("malformed-payload", `The ${noun} ${maskText(text)} is no valid address.`);
  if (address.protocol === "http:" || address.protocol === "https:") return address;
  throw new TaskError(
    "malformed-payload",
    `The ${noun} ${maskText(address.href)} begins with '${address.protocol}', but only http: and https: can be downloaded.`,
  );
}

/** The address as fetch takes it, with its user and password in a header. */
export function splitCredentials(address: URL): { href: string; headers: Record<string, string> } {
  if (!address.username && !address.password) return { href: address.href, headers: {} };
  const bare = new URL(address);
  bare.username = "";
  bare.password = "";
  const pair = [address.username, address.password].map(decode).join(":");
  return { href: bare.href, headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

/** Percent-decoded, or as it is where that is not possible. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
