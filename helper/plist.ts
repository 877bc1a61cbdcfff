/**
 * Reads the XML property lists that `dscl -plist` prints. Strict and small: dict, array, string, integer, true, false;
 * no entities but XML's five and character references, no internal subset. Other records on the machine may hold
 * anything in their attributes, so every surprise is an error.
 */
export type Plist = string | boolean | Plist[] | { [key: string]: Plist };

const header = /^\s*<\?xml[^<>]*\?>\s*<!DOCTYPE plist[^<>[\]]*>\s*<plist version="1\.0">/;
const token = /\s*<(\/?)(dict|array|string|integer|key|true|false|data)(\s*\/)?>([^<]*)/y;
const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6});|#([0-9]{1,7});|([a-z]{2,4});)?/g, (_, hex, decimal, name) => {
    if (hex || decimal) return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
    const character = entities[String(name)];
    if (character === undefined) throw new Error("plist: unknown entity");
    return character;
  });
}

/** Throws on anything but one property list of at most 32 levels. */
export function parsePlist(xml: string): Plist {
  const start = header.exec(xml);
  if (!start) throw new Error("plist: no property list");
  token.lastIndex = start[0].length;
  const next = (): { close: boolean; name: string; empty: boolean; text: string } => {
    const found = token.exec(xml);
    if (!found) throw new Error("plist: malformed");
    return { close: found[1] === "/", name: found[2] ?? "", empty: found[3] !== undefined, text: found[4] ?? "" };
  };
  const value = (open: ReturnType<typeof next>, depth: number): Plist => {
    if (open.close || depth > 32) throw new Error("plist: malformed");
    if (open.name === "true" || open.name === "false") return open.name === "true";
    if (open.name === "dict" || open.name === "array") {
      const list: Plist[] = [];
      const dict: { [key: string]: Plist } = Object.create(null);
      if (open.empty) return open.name === "array" ? list : dict;
      for (let item = next(); ; item = next()) {
        if (item.close && item.name === open.name) return open.name === "array" ? list : dict;
        if (open.name === "array") list.push(value(item, depth + 1));
        else if (item.name === "key" && !item.close) dict[scalar(item)] = value(next(), depth + 1);
        else throw new Error("plist: a dict needs keys");
      }
    }
    if (open.name === "key") throw new Error("plist: a key outside a dict");
    return scalar(open);
  };
  const scalar = (open: ReturnType<typeof next>): string => {
    if (open.empty) return "";
    const close = next();
    if (!close.close || close.name !== open.name) throw new Error("plist: malformed");
    return unescapeText(open.text);
  };
  const result = value(next(), 0);
  if (!/^\s*<\/plist>\s*$/.test(xml.slice(token.lastIndex))) throw new Error("plist: text after the end");
  return result;
}
