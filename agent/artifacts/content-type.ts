/** What generic-worker guesses of an artifact whose payload entry does not say it. */
import { lookup } from "mime-types";

const ownTypes: ReadonlyMap<string, string> = new Map([
  [".log", "text/plain"],
  [".jsonl", "application/jsonl"],
]);

/** Compressed already. Compared with the case as it is. */
const alreadySmall: ReadonlySet<string> = new Set(
  (
    "7z br aab apk bz2 deb dmg flv gif gz jar jpeg jpg lz lz4 mz npz pkg png swf sz tbz tgz wasm webp whl woff woff2 " +
    "xpi xz zip zst zz"
  )
    .split(" ")
    .map((extension) => `.${extension}`),
);

/** From the last dot of the last component, also where that is its first character. */
function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot === -1 ? "" : name.slice(dot);
}

/** By the extension of `path`, whatever its case; every `text/…` that is not our own is taken for UTF-8. */
export function guessContentType(path: string): string {
  const extension = extensionOf(path).toLowerCase();
  const own = ownTypes.get(extension);
  if (own) return own;
  const type = extension.length > 1 ? lookup(extension) : false;
  if (!type) return "application/octet-stream";
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}

/** `gzip` unless the extension of `path` says that the file is compressed. */
export function guessContentEncoding(path: string): "identity" | "gzip" {
  return alreadySmall.has(extensionOf(path)) ? "identity" : "gzip";
}
