/** A tar archive in the form of POSIX.1-1988 (`ustar`), which every tar reads. */
import type { Entry } from "./entry.ts";

const block = 512;

function octal(value: number, length: number): string {
  const text = value.toString(8).padStart(length - 1, "0");
  if (text.length >= length) throw new Error(`${value} does not fit into a tar archive`);
  return `${text}\0`;
}

/** Name and prefix: a path of more than 100 bytes is divided at a slash. */
function divided(path: string): readonly [name: string, prefix: string] {
  if (Buffer.byteLength(path) <= 100) return [path, ""];
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155 && name !== "") return [name, prefix];
  }
  throw new Error(`${path} is too long for a tar archive`);
}

function header({ path, mode, content }: Entry, mtime: number): Buffer {
  const [name, prefix] = divided(content ? path : `${path}/`);
  const fields = Buffer.alloc(block);
  fields.write(name, 0);
  fields.write(
    `${octal(mode, 8)}${octal(0, 8)}${octal(0, 8)}${octal(content?.length ?? 0, 12)}${octal(mtime, 12)}`,
    100,
  );
  fields.write("        ", 148); // The sum is taken with spaces in its place.
  fields.write(content ? "0" : "5", 156);
  fields.write("ustar\x0000root", 257);
  fields.write("wheel", 297);
  fields.write(prefix, 345);
  const sum = fields.reduce((total, byte) => total + byte, 0);
  fields.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return fields;
}

/** `mtime` in seconds since 1970. The entries lie below the directory `top`. */
export function renderTar(entries: readonly Entry[], top: string, mtime: number): Buffer {
  const parts = entries.flatMap((entry) => {
    const path = entry.path === "." ? top : `${top}/${entry.path}`;
    const content = entry.content ?? Buffer.alloc(0);
    return [header({ ...entry, path }, mtime), content, Buffer.alloc((block - (content.length % block)) % block)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}
