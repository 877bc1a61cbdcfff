/** Entries of one task user. Some name it by its user name, some by its uid, and a uid is used again after its end. */
import type { Entry } from "./entry.ts";

interface Subject {
  readonly name: string | undefined;
  readonly uid: string | undefined;
}

/** Whom an entry is about, as far as it says. Calls of dscl name the record, and those that set its number the uid. */
function subjectOf({ details: { user, uid, argv } }: Entry): Subject {
  const [name, number] = [typeof user === "string" ? user : undefined, typeof uid === "number" ? `${uid}` : undefined];
  if (!Array.isArray(argv)) return { name, uid: number };
  const words = argv.map(String);
  const record = words.map((word) => /^\/(?:Users|Groups)\/(.+)$/.exec(word)?.[1]).find((word) => word !== undefined);
  const key = words.findIndex((word) => word === "UniqueID" || word === "PrimaryGroupID");
  return { name: record ?? name, uid: key < 0 ? number : words[key + 1] };
}

export class UserFilter {
  /** A task user's name, or its uid in digits. */
  readonly #id: string;
  /** The other of the two, while it is known. */
  #other: string | undefined;

  constructor(id: string) {
    this.#id = id;
  }

  /** To be asked about every entry in turn. */
  matches(entry: Entry): boolean {
    const { name, uid } = subjectOf(entry);
    const known = [this.#id, this.#other];
    if (name !== undefined && uid !== undefined) {
      if (name !== this.#id && uid !== this.#id) return false;
      this.#other = name === this.#id ? uid : name;
      if (entry.action === "ended") this.#other = undefined;
      return true;
    }
    const either = name ?? uid;
    return either !== undefined && known.includes(either);
  }
}
