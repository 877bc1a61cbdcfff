/** A cpio archive in the portable ASCII form of POSIX (`odc`), which the payload of an installer package has. */
import { type Entry, fileMode } from "./entry.ts";

/** A field of that many octal digits. */
function octal(value: number, digits: number): string {
  const text = value.toString(8).padStart(digits, "0");
  if (text.length > digits) throw new Error(`${value} is too much for a field of ${digits} octal digits`);
  return text;
}

function member(name: string, inode: number, mode: number, mtime: number, content: Buffer): Buffer[] {
  const header = [
    "070707", // magic
    octal(0, 6), // device
    octal(inode, 6),
    octal(mode, 6),
    octal(0, 6), // owner
    octal(0, 6), // group
    octal(1, 6), // links
    octal(0, 6), // device that it is
    octal(mtime, 11),
    octal(Buffer.byteLength(name) + 1, 6),
    octal(content.length, 11),
  ].join("");
  return [Buffer.from(`${header}${name}\0`), content];
}

/** `mtime` in seconds since 1970. */
export function renderCpio(entries: readonly Entry[], mtime: number): Buffer {
  const parts = entries.flatMap((entry, index) => {
    const name = entry.path === "." ? "." : `./${entry.path}`;
    return member(name, index + 1, fileMode(entry), mtime, entry.content ?? Buffer.alloc(0));
  });
  return Buffer.concat([...parts, ...member("TRAILER!!!", 0, 0, 0, Buffer.alloc(0))]);
}
