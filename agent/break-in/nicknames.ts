/** Short names for the helper's ids: u1 for a user, p1 for a process, t1 for a ticket. */
export class Nicknames {
  readonly #ids = new Map<string, string>();

  /** The nickname of a new id. */
  add(letter: "u" | "p" | "t", id: string): string {
    const count = [...this.#ids.keys()].filter((name) => name.startsWith(letter)).length;
    const name = `${letter}${count + 1}`;
    this.#ids.set(name, id);
    return name;
  }

  /** The id behind a nickname; any other word is itself. */
  id(word: string): string {
    return this.#ids.get(word) ?? word;
  }

  /** Replaces every word of a text that is a nickname and stands in double quotes. */
  inJson(text: string): string {
    return text.replace(/"([upt]\d+)"/g, (_, name: string) => JSON.stringify(this.id(name)));
  }
}
