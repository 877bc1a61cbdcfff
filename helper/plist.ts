/**
 * Reads what `dscl -plist` prints: one dict, or an array of dicts, whose values are arrays of strings. Other records on
 * the machine may hold anything in their attributes, so every surprise is an error: nothing is skipped or guessed.
 */
export type Attributes = Readonly<Record<string, readonly string[]>>;

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescapeText(text = ""): string {
  return text.replace(/&(?:#(x[0-9a-fA-F]{1,6}|[0-9]{1,7});|([a-z]{2,4});)?/g, (_, number, name) => {
    const code = Number(`0${number}`); // Of "0x41" or "065"; none without a number.
    const character = code <= 0x10ffff ? String.fromCodePoint(code) : entities[String(name)];
    if (character === undefined) throw new Error("plist: unknown entity");
    return character;
  });
}

/** The records, with the prefixes of their attributes' names cut off. Throws on anything else. */
export function parseRecords(xml: string): Attributes[] {
  let at = 0;
  const take = (pattern: string): RegExpExecArray | null => {
    const sticky = new RegExp(`\\s*${pattern}`, "y");
    sticky.lastIndex = at;
    const found = sticky.exec(xml);
    if (found) at = sticky.lastIndex;
    return found;
  };
  const need = (pattern: string): void => {
    if (!take(pattern)) throw new Error(`plist: malformed at ${at}`);
  };
  need('<\\?xml[^<>]*\\?>\\s*<!DOCTYPE plist[^<>[\\]]*>\\s*<plist version="1\\.0">');
  const records: Attributes[] = [];
  const list = take("<array>");
  while (take("<dict>")) {
    const record: Record<string, string[]> = Object.create(null);
    for (let key = take("<key>([^<]*)</key>"); key; key = take("<key>([^<]*)</key>")) {
      const values: string[] = [];
      const name = unescapeText(key[1]).replace(/^dsAttrType(Standard|Native):/, "");
      if (record[name]) throw new Error("plist: an attribute is there twice");
      record[name] = values;
      if (take("<array/>")) continue;
      need("<array>");
      const value = "<(string|data)>([^<]*)</\\1>";
      for (let next = take(value); next; next = take(value)) values.push(unescapeText(next[2]));
      need("</array>");
    }
    need("</dict>");
    records.push(record);
  }
  need(`${list ? "</array>\\s*" : records.length === 1 ? "" : "<array/>\\s*"}</plist>\\s*$`);
  return records;
}
