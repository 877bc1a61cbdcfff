/** The name that a downloaded script gets in the task's home: nothing the other side says can name a place elsewhere. */
import { parse } from "content-disposition";
import { decode } from "./link-address.ts";

const NAME_BYTES = 255;
const FALLBACK = "task";
/** `tmp` is the task's TMPDIR; the file systems of macOS do not tell `TMP` from it. */
const reserved = ["", ".", "..", "tmp"];

/** The last segment of a name without control characters, cut to what file systems take; null when nothing is left. */
export function sanitise(name: string): string | null {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const clean = last
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, "")
    .trim();
  if (reserved.includes(clean.toLowerCase())) return null;
  let cut = "";
  for (const character of clean) {
    if (Buffer.byteLength(cut + character) > NAME_BYTES) break;
    cut += character;
  }
  return cut;
}

/** From the Content-Disposition header, else from the last segment of the address that the payload names, else `task`. */
export function nameOfLink(address: URL, contentDisposition: string | null): string {
  const proposed = contentDisposition === null ? undefined : parse(contentDisposition).parameters["filename"];
  return sanitise(proposed ?? "") ?? sanitise(decode(address.pathname.split("/").at(-1) ?? "")) ?? FALLBACK;
}
