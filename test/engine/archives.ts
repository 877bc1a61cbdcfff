/** Archives of a few files, also such as no well-meant program would write. */
import { crc32, deflateRawSync } from "node:zlib";

export type Files = Readonly<Record<string, string | Buffer>>;

/** A link to somewhere, by its kind in a tar archive. */
export interface Link {
  readonly kind: "hard" | "symbolic";
  readonly to: string;
}

/** A directory with its own mode, in octal. */
export interface Folder {
  readonly kind: "directory";
  readonly mode: string;
}

const kinds = { hard: "1", symbolic: "2", directory: "5" } as const;

/** ustar; a name can lead anywhere. */
export function tarOf(files: Readonly<Record<string, string | Buffer | Link | Folder>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const special = typeof content === "object" && "kind" in content ? content : null;
    const bytes = typeof content === "object" && "kind" in content ? Buffer.alloc(0) : Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${(special && "mode" in special ? special.mode : "755").padStart(7, "0")}\0`, 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write(special ? kinds[special.kind] : "0", 156);
    header.write(special && "to" in special ? special.to : "", 157);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** `sizeOf` says what the table claims about a file's size. */
export function zipOf(files: Files, sizeOf = (bytes: Buffer): number => bytes.length): Buffer {
  const bodies: Buffer[] = [];
  const table: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(sizeOf(bytes), 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((0o100755 << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    // Made by Unix, so that the mode counts.
    table.push(Buffer.from("PK\x01\x02\x14\x03"), common, rest, Buffer.from(name));
    bodies.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(table);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, directory, end]);
}
