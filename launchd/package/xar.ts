/** A xar archive, which an installer package is: a header, a compressed table of contents in XML, and the contents. */
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { escapeXml } from "../property-list.ts";

export interface XarFile {
  readonly name: string;
  /** What it holds, for a directory. */
  readonly content: Buffer | readonly XarFile[];
}

const headerBytes = 28;
/** The form's own checksums, which every reader knows. What proves where a package is from is its signature. */
const sha1 = (bytes: Buffer): Buffer => createHash("sha1").update(bytes).digest();
const sha1Number = 1;
const sha1Bytes = 20;

/** Seconds since 1970 as the table writes them. */
function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000", "");
}

/** The contents one behind the other. They start with the checksum of the table. */
class Heap {
  readonly parts: Buffer[] = [];
  #offset = sha1Bytes;

  add(content: Buffer): number {
    const offset = this.#offset;
    this.parts.push(content);
    this.#offset += content.length;
    return offset;
  }
}

/** Contents are stored as they are: those that are large are compressed already. */
function renderData(content: Buffer, heap: Heap): string {
  const sum = sha1(content).toString("hex");
  return (
    `<data><length>${content.length}</length><offset>${heap.add(content)}</offset><size>${content.length}</size>` +
    '<encoding style="application/octet-stream"/>' +
    `<extracted-checksum style="sha1">${sum}</extracted-checksum><archived-checksum style="sha1">${sum}</archived-checksum></data>`
  );
}

function renderFiles(files: readonly XarFile[], time: string, heap: Heap, ids: { next: number }): string {
  const render = ({ name, content }: XarFile): string => {
    const id = ids.next++;
    const isFile = Buffer.isBuffer(content);
    const common =
      `<name>${escapeXml(name)}</name><type>${isFile ? "file" : "directory"}</type><mode>${isFile ? "0644" : "0755"}</mode>` +
      `<uid>0</uid><user>root</user><gid>0</gid><group>wheel</group>` +
      ["atime", "ctime", "mtime"].map((each) => `<${each}>${time}</${each}>`).join("");
    const rest = isFile ? renderData(content, heap) : renderFiles(content, time, heap, ids);
    return `<file id="${id}">${common}${rest}</file>`;
  };
  return files.map(render).join("\n");
}

/** `mtime` in seconds since 1970. */
export function renderXar(files: readonly XarFile[], mtime: number): Buffer {
  const heap = new Heap();
  const time = isoTime(mtime);
  const table = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<xar>\n<toc>\n` +
      `<creation-time>${time.replace("Z", "")}</creation-time>\n` +
      `<checksum style="sha1"><offset>0</offset><size>${sha1Bytes}</size></checksum>\n` +
      `${renderFiles(files, time, heap, { next: 1 })}\n</toc>\n</xar>\n`,
  );
  const compressed = deflateSync(table, { level: 9 });
  const header = Buffer.alloc(headerBytes);
  header.write("xar!");
  header.writeUInt16BE(headerBytes, 4);
  header.writeUInt16BE(1, 6);
  header.writeBigUInt64BE(BigInt(compressed.length), 8);
  header.writeBigUInt64BE(BigInt(table.length), 16);
  header.writeUInt32BE(sha1Number, 24);
  return Buffer.concat([header, compressed, sha1(compressed), ...heap.parts]);
}
