/**
 * The bill of materials of an installer package: what lsbom(8) lists, and what the installer compares and remembers. The
 * form is undocumented by Apple; this follows what others found (docs/release.md names them): a header of 512 bytes, blocks
 * that a table at the end numbers from 1, and variables, which are blocks with names. All numbers are big-endian.
 */
import { basename, dirname } from "node:path";
import { checksum } from "./checksum.ts";
import { type Entry, fileMode } from "./entry.ts";

const headerBytes = 512;
/** Of a node of the tree of paths; what it does not need of them is zero. */
const nodeBytes = 4096;
const entriesOfNode = Math.floor((nodeBytes - 12) / 8);

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** Blocks in the order in which they were added; the number of a block is its place, from 1 on. */
class Store {
  readonly #blocks: Buffer[] = [];
  readonly #variables: (readonly [name: string, block: number])[] = [];

  add(block: Buffer): number {
    return this.#blocks.push(block);
  }

  /** The number that the block after `count` others will have. */
  next(count = 0): number {
    return this.#blocks.length + count + 1;
  }

  name(name: string, block: number): void {
    this.#variables.push([name, block]);
  }

  render(): Buffer {
    const variables = Buffer.concat([
      words(this.#variables.length),
      ...this.#variables.flatMap(([name, block]) => [words(block), Buffer.from([name.length]), Buffer.from(name)]),
    ]);
    let offset = headerBytes + variables.length;
    const places = [words(0, 0)];
    for (const { length } of this.#blocks) {
      places.push(words(offset, length));
      offset += length;
    }
    // The list of free places behind it is empty; two places of it are there nevertheless.
    const index = Buffer.concat([words(places.length), ...places, words(0, 0, 0, 0, 0)]);
    const header = Buffer.alloc(headerBytes);
    header.write("BOMStore");
    words(1, this.#blocks.length, offset, index.length, headerBytes, variables.length).copy(header, 8);
    return Buffer.concat([header, variables, ...this.#blocks, index]);
  }
}

type Pair = readonly [key: number, value: number];

/** A node of a tree: its pairs of block numbers, and the nodes beside it, 0 for none. */
function node(isLeaf: boolean, pairs: readonly Pair[], next: number, previous: number, bytes: number): Buffer {
  const block = Buffer.alloc(bytes);
  block.writeUInt16BE(isLeaf ? 1 : 0, 0);
  block.writeUInt16BE(pairs.length, 2);
  words(next, previous, ...pairs.flat()).copy(block, 4);
  return block;
}

/** Adds a tree and returns the number of its block. One that needs several nodes has a root that names their last values. */
function addTree(store: Store, pairs: readonly Pair[], bytes: number): number {
  const count = Math.max(1, Math.ceil(pairs.length / entriesOfNode));
  const first = store.next();
  const leaves = Array.from({ length: count }, (_, index): Pair => {
    const own = pairs.slice(index * entriesOfNode, (index + 1) * entriesOfNode);
    const next = index + 1 < count ? first + index + 1 : 0;
    const previous = index > 0 ? first + index - 1 : 0;
    return [store.add(node(true, own, next, previous, bytes)), own.at(-1)?.[1] ?? 0];
  });
  if (leaves.length > entriesOfNode) throw new Error("a package has too many files for its bill of materials");
  const root = count === 1 ? first : store.add(node(false, leaves, 0, 0, bytes));
  return store.add(Buffer.concat([Buffer.from("tree"), words(1, root, bytes, pairs.length), Buffer.from([0])]));
}

/** Type, mode, owner and times of a path, and for a file its checksum. The bytes whose meaning nobody knows are as Apple's. */
function metadata(entry: Entry, mtime: number): Buffer {
  const { content } = entry;
  const block = Buffer.alloc(content ? 35 : 31);
  block.writeUInt8(content ? 1 : 2, 0);
  block.writeUInt8(1, 1);
  block.writeUInt16BE(15, 2);
  block.writeUInt16BE(fileMode(entry), 4);
  words(0, 0, mtime, content?.length ?? 0).copy(block, 6);
  block.writeUInt8(1, 22);
  if (content) block.writeUInt32BE(checksum(content), 23);
  return block;
}

/** Directory by directory, as the tree is searched: by the number of the parent, then by name. */
function breadthFirst(entries: readonly Entry[]): Entry[] {
  const depth = ({ path }: Entry): number => (path === "." ? 0 : path.split("/").length);
  return [...entries].sort((a, b) => depth(a) - depth(b));
}

/** `entries` with each directory before what it holds, by name; `mtime` in seconds since 1970. */
export function renderBom(entries: readonly Entry[], mtime: number): Buffer {
  const store = new Store();
  const bytesOfFiles = entries.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
  store.name("BomInfo", store.add(words(1, entries.length, 1, 0, 0, bytesOfFiles, 0)));
  const numbers = new Map<string, number>();
  const pairs = breadthFirst(entries).map((entry, index): Pair => {
    numbers.set(entry.path, index + 1);
    const parent = entry.path === "." ? 0 : numbers.get(dirname(entry.path));
    if (parent === undefined) throw new Error(`${entry.path} has no directory in the bill of materials`);
    const key = store.add(words(index + 1, store.add(metadata(entry, mtime))));
    return [key, store.add(Buffer.concat([words(parent), Buffer.from(`${basename(entry.path)}\0`)]))];
  });
  store.name("Paths", addTree(store, pairs, nodeBytes));
  store.name("HLIndex", addTree(store, [], nodeBytes));
  const patterns = addTree(store, [], 128);
  store.name("VIndex", store.add(Buffer.concat([words(1, patterns, 0), Buffer.from([0])])));
  store.name("Size64", addTree(store, [], nodeBytes));
  return store.render();
}
