/**
 * A reader of bills of materials, written from the public descriptions of the form (docs/release.md names them) and not from
 * our writer. It is strict: whatever the descriptions call constant must be so.
 */
import assert from "node:assert/strict";

export interface Listed {
  readonly type: "file" | "directory";
  /** `st_mode`. */
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
  readonly mtime: number;
  readonly size: number;
  /** That of cksum(1); null for directories. */
  readonly checksum: number | null;
}

export interface Bom {
  /** By path, with ".". */
  readonly paths: ReadonlyMap<string, Listed>;
  /** Of `BomInfo`. */
  readonly pathCount: number;
  readonly totalSize: number;
  readonly names: readonly string[];
}

/** A place in the file that moves on as numbers are read from it. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  u8(): number {
    return this.bytes.readUInt8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.bytes.readUInt16BE(this.at - 2);
  }

  u32(): number {
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }

  text(length: number): string {
    this.at += length;
    return this.bytes.toString("latin1", this.at - length, this.at);
  }

  cString(): string {
    const end = this.bytes.indexOf(0, this.at);
    assert.ok(end >= 0, "a string ends with a zero");
    const text = this.bytes.toString("utf8", this.at, end);
    this.at = end + 1;
    return text;
  }

  ends(): void {
    assert.equal(this.at, this.bytes.length, "nothing follows");
  }
}

interface Tree {
  readonly pairs: readonly (readonly [key: number, value: number])[];
}

class File {
  readonly #bytes: Buffer;
  readonly #blocks: (readonly [offset: number, size: number])[];
  readonly named = new Map<string, number>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const header = new Cursor(bytes);
    assert.equal(header.text(8), "BOMStore");
    assert.equal(header.u32(), 1);
    const occupied = header.u32();
    const [indexOffset, indexSize, namedOffset, namedSize] = [header.u32(), header.u32(), header.u32(), header.u32()];
    assert.ok(bytes.subarray(header.at, 512).every((byte) => byte === 0));

    const index = new Cursor(bytes.subarray(indexOffset, indexOffset + indexSize));
    this.#blocks = Array.from({ length: index.u32() }, () => [index.u32(), index.u32()] as const);
    assert.deepEqual(this.#blocks[0], [0, 0], "block 0 is the one that nothing has");
    assert.equal(this.#blocks.filter(([, size]) => size > 0).length, occupied);
    for (const [offset, size] of this.#blocks.slice(1)) assert.ok(offset >= 512 && offset + size <= bytes.length);
    assert.equal(index.u32(), 0, "no place is free");

    const variables = new Cursor(bytes.subarray(namedOffset, namedOffset + namedSize));
    for (let left = variables.u32(); left > 0; left--) {
      const block = variables.u32();
      this.named.set(variables.text(variables.u8()), block);
    }
    variables.ends();
  }

  block(number: number): Cursor {
    const [offset, size] = this.#blocks[number] ?? [0, 0];
    assert.ok(number > 0 && size > 0, `there is a block ${number}`);
    return new Cursor(this.#bytes.subarray(offset, offset + size));
  }

  blockNamed(name: string): Cursor {
    return this.block(this.named.get(name) ?? 0);
  }

  tree(cursor: Cursor): Tree {
    assert.equal(cursor.text(4), "tree");
    assert.equal(cursor.u32(), 1);
    const [root, nodeBytes, count] = [cursor.u32(), cursor.u32(), cursor.u32()];
    assert.equal(cursor.u8(), 0);
    cursor.ends();
    const pairs = this.#leavesBelow(root, nodeBytes);
    assert.equal(pairs.length, count);
    return { pairs };
  }

  /** Through the nodes above the leaves, and, as a second way, along the leaves: both must meet the same ones. */
  #leavesBelow(root: number, nodeBytes: number): [number, number][] {
    const read = (number: number) => {
      const node = this.block(number);
      assert.equal(node.bytes.length, nodeBytes);
      const [isLeaf, count, next, previous] = [node.u16() === 1, node.u16(), node.u32(), node.u32()];
      const pairs = Array.from({ length: count }, (): [number, number] => [node.u32(), node.u32()]);
      return { number, isLeaf, next, previous, pairs };
    };
    const descend = (number: number): ReturnType<typeof read>[] => {
      const node = read(number);
      if (node.isLeaf) return [node];
      return node.pairs.flatMap(([child, last]) => {
        const leaves = descend(child);
        assert.equal(leaves.at(-1)?.pairs.at(-1)?.[1], last, "a node above names the last value of the one below");
        return leaves;
      });
    };
    const leaves = descend(root);
    for (const [index, leaf] of leaves.entries()) {
      assert.equal(leaf.next, leaves[index + 1]?.number ?? 0);
      assert.equal(leaf.previous, leaves[index - 1]?.number ?? 0);
    }
    return leaves.flatMap(({ pairs }) => pairs);
  }
}

function readListed(block: Cursor): Listed {
  const type = block.u8();
  assert.ok(type === 1 || type === 2, "a file or a directory");
  assert.equal(block.u8(), 1);
  assert.equal(block.u16(), 0x000f, "not of paths alone, and no program divided by processors");
  const [mode, owner, group, mtime, size] = [block.u16(), block.u32(), block.u32(), block.u32(), block.u32()];
  assert.equal(block.u8(), 1);
  const checksum = type === 1 ? block.u32() : null;
  assert.deepEqual([block.u32(), block.u32()], [0, 0]);
  block.ends();
  assert.equal(mode & 0o170_000, type === 1 ? 0o100_000 : 0o040_000, "mode and type agree");
  return { type: type === 1 ? "file" : "directory", mode, owner, group, mtime, size, checksum };
}

function readPaths(file: File): Map<string, Listed> {
  const byNumber = new Map<number, string>();
  const paths = new Map<string, Listed>();
  let before: readonly [parent: number, name: string] = [-1, ""];
  for (const [key, value] of file.tree(file.blockNamed("Paths")).pairs) {
    const [first, second] = [file.block(key), file.block(value)];
    const [number, info] = [first.u32(), first.u32()];
    first.ends();
    const [parent, name] = [second.u32(), second.cString()];
    second.ends();
    assert.ok(parent > before[0] || (parent === before[0] && name > before[1]), `${name} is in order`);
    before = [parent, name];
    const above = byNumber.get(parent);
    assert.ok(parent === 0 || above !== undefined, `${name} comes after its directory`);
    const path = above === undefined || above === "." ? name : `${above}/${name}`;
    assert.ok(!byNumber.has(number) && !paths.has(path));
    byNumber.set(number, path);
    paths.set(path, readListed(file.block(info)));
  }
  return paths;
}

/** Throws when the bytes are not what the descriptions say. */
export function readBom(bytes: Buffer): Bom {
  const file = new File(bytes);
  const info = file.blockNamed("BomInfo");
  assert.equal(info.u32(), 1);
  const pathCount = info.u32();
  assert.equal(info.u32(), 1, "one line of sums");
  const [processor, , totalSize] = [info.u32(), info.u32(), info.u32(), info.u32()];
  assert.equal(processor, 0);
  info.ends();
  for (const name of ["HLIndex", "Size64"]) assert.equal(file.tree(file.blockNamed(name)).pairs.length, 0);
  const patterns = file.blockNamed("VIndex");
  assert.equal(patterns.u32(), 1);
  assert.equal(file.tree(file.block(patterns.u32())).pairs.length, 0);
  return { paths: readPaths(file), pathCount, totalSize, names: [...file.named.keys()].sort() };
}
