/** Follows the chain of an audit log from line to line, over its files, and says where it breaks. */
import { firstPrev, hashOf, parseEntry } from "./entry.ts";
import type { LogLine } from "./log-lines.ts";

interface Place {
  readonly file: string;
  readonly line: number;
}

const at = ({ file, line }: Place): string => `${file}, line ${line}`;

/** The log is not as the helper wrote it. The message is one sentence and begins with the file and the line. */
export class BrokenChain extends Error {
  override readonly name = "BrokenChain";
}

/** What is known when all lines have been followed. */
export interface Followed {
  readonly entries: number;
  /** SHA-256 of the newest entry. */
  readonly head: string;
  /** The first entry does not begin the log: older ones are in a file that was not read, or are gone. */
  readonly beginsLate: boolean;
  /** Entries that the helper could not write, as it said itself later. */
  readonly lost: number;
  /** Entries behind the one that was looked for; undefined when that one was not seen. */
  readonly behindWanted: number | undefined;
}

export class Chain {
  readonly #wanted: string | undefined;
  #place: Place = { file: "", line: 0 };
  #entries = 0;
  #lost = 0;
  #beginsLate = false;
  #wantedAt: number | undefined;
  /** Hash of the newest entry, and the hash that it goes on from. */
  #head: string | undefined;
  #before: string | undefined;
  /** The first line that is no entry since the last one that is, and the hash of the newest such line. */
  #damaged: Place | undefined;
  #damagedHash: string | undefined;

  /** `wanted`: a head that was noted elsewhere, to be looked for. */
  constructor(wanted?: string) {
    this.#wanted = wanted;
    if (wanted === firstPrev) this.#wantedAt = 0;
  }

  /** The lines that come next are of this file. */
  begin(file: string): void {
    this.#place = { file, line: 0 };
  }

  /** Throws BrokenChain when the line cannot follow the one before it. */
  follow({ bytes, ended }: LogLine): void {
    const here = { ...this.#place, line: this.#place.line + 1 };
    this.#place = here;
    const entry = bytes && ended ? parseEntry(bytes) : undefined;
    if (!bytes || !entry) {
      // What a full disk or a crash left of a line, or the empty one before it. The next entry has to say so.
      this.#damaged ??= here;
      if (bytes && bytes.length > 0) this.#damagedHash = hashOf(bytes);
      return;
    }
    this.#compare(entry.prev, entry.lost, here);
    this.#damaged = undefined;
    this.#damagedHash = undefined;
    this.#before = entry.prev;
    this.#head = hashOf(bytes);
    this.#entries += 1;
    this.#lost += entry.lost;
    if (this.#head === this.#wanted) this.#wantedAt = this.#entries;
  }

  #compare(prev: string, lost: number, here: Place): void {
    if (this.#damaged && lost === 0) throw new BrokenChain(`${at(this.#damaged)}: this is no line of the helper's`);
    if (this.#head === undefined) {
      this.#beginsLate = prev !== firstPrev;
      return;
    }
    // After a gap an entry may go on from before the line whose end was not written, or from what is left of one.
    const after = lost > 0 ? [this.#head, this.#before, this.#damagedHash] : [this.#head];
    if (after.includes(prev)) return;
    const what = here.line === 1 ? "the end of the file before" : `line ${here.line - 1}`;
    throw new BrokenChain(
      `${at(here)}: it does not follow on from ${what}, which was changed, or lines between them were removed or moved`,
    );
  }

  /** Throws BrokenChain when the log ends in the middle of a line. */
  end(): Followed {
    if (this.#damaged) throw new BrokenChain(`${at(this.#damaged)}: the log is cut off here, in the middle of a line`);
    const behindWanted = this.#wantedAt === undefined ? undefined : this.#entries - this.#wantedAt;
    const [entries, beginsLate, lost] = [this.#entries, this.#beginsLate, this.#lost];
    return { entries, head: this.#head ?? firstPrev, beginsLate, lost, behindWanted };
  }
}
