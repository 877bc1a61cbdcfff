/** The reader of what `dscl -plist` prints. An input is its text. */
import { parse } from "plist";
import { type Attributes, parseRecords } from "../../../helper/plist.ts";
import type { Random } from "../random.ts";
import type { Target } from "../target.ts";

const head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//A//DTD PLIST 1.0//EN" "">\n';
const values = ["tcw-abcdefgh", "5000", "", " ", "a&amp;b", "&#x1F98A;", "&#65;", "/home/x", "é", "*", "a\r\nb"];
const keys = ["RecordName", "UniqueID", "GeneratedUID", "__proto__", "constructor", "a b", "", "&lt;"];
const blanks = [" ", "\n", "\t", " \n "];

function dict(random: Random): string {
  const entries = Array.from({ length: random.below(4) }, () => {
    const prefix = random.pick(["dsAttrTypeStandard:", "dsAttrTypeNative:", ""]);
    const strings = Array.from({ length: random.below(3) }, () =>
      random.oneIn(4) ? "<data>aGk=</data>" : `<string>${random.pick(values)}</string>`,
    );
    const list = strings.length === 0 && random.oneIn(2) ? "<array/>" : `<array>${strings.join("\n")}</array>`;
    return `<key>${prefix}${random.pick(keys)}</key>${list}`;
  });
  return `<dict>${entries.join("\n\t")}</dict>`;
}

/** Blanks or another piece, so many that whatever takes the square of their number in time does not end in time. */
function swollen(text: string, random: Random): string {
  const tags = [...text.matchAll(/</g)].slice(random.oneIn(2) ? -4 : 0);
  const at = tags.length > 0 && !random.oneIn(4) ? random.pick(tags).index : random.below(text.length + 1);
  const piece = random.oneIn(4) ? text.slice(at, at + 1 + random.small(12)) : random.pick(blanks);
  const tail = random.oneIn(2) ? text.slice(at) : random.pick(plist.tokens);
  return text.slice(0, at) + piece.repeat(Math.floor(60_000 / Math.max(1, piece.length))) + tail;
}

const errorMessage = /^plist: [\x20-\x7e]{1,120}$/;

function read(text: string): Attributes[] | undefined {
  try {
    return parseRecords(text);
  } catch (error) {
    if (error instanceof Error && errorMessage.test(error.message)) return undefined;
    throw error;
  }
}

/** What another reader makes of it; undefined when it takes something else for a property list than we do. */
function readByPlist(text: string): Record<string, string[]>[] | undefined {
  const { error } = console;
  console.error = () => undefined; // It prints what it throws.
  try {
    const value: unknown = parse(text);
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.map((record) =>
      Object.fromEntries(
        Object.entries(Object(record)).map(([key, each]) => [
          key.replace(/^dsAttrType(Standard|Native):/, ""),
          Array.isArray(each) ? each.map(String) : ["not a list"],
        ]),
      ),
    );
  } catch {
    return undefined;
  } finally {
    console.error = error;
  }
}

/** XML reads every line end as a line feed. */
function comparable(records: readonly Attributes[]): string {
  const normal = (value: string): string => value.replace(/\r\n?/g, "\n");
  return JSON.stringify(
    records.map((record) => Object.entries(record).map(([key, list]) => [normal(key), list.map(normal)])),
  );
}

export const plist: Target = {
  tokens: [
    ...["<array>", "</array>", "<array/>", "<dict>", "</dict>", "<dict/>", "<key>", "</key>", "<key>__proto__</key>"],
    ...[
      "<string>",
      "</string>",
      "<string/>",
      "<data>",
      "</data>",
      "</plist>",
      '<plist version="1.0">',
      "<true/>",
      head,
    ],
    ...["<integer>1</integer>", "<!-- -->", "<![CDATA[x]]>", "<!DOCTYPE plist [", "<!ENTITY a 'b'>", "<?xml ?>", "]]>"],
    ...["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&", "&;", "&#0;", "&#x41;", "&#65;", "&#xD800;", "&#x10FFFF;"],
    ...["&#x110000;", "&#9999999;", "&#99999999;", "&a;", "&to;", "&#x;", "&#-1;", "dsAttrTypeNative:", " ".repeat(40)],
  ],

  make(random) {
    const dicts = Array.from({ length: random.below(3) }, () => dict(random)).join(random.pick(blanks));
    const body = random.oneIn(2) ? dict(random) : dicts === "" ? "<array/>" : `<array>${dicts}</array>`;
    const text = `${head}<plist version="1.0">\n${body}\n</plist>${random.pick(["", "\n"])}`;
    return Buffer.from(random.oneIn(100) ? swollen(text, random) : text);
  },

  change(input, random) {
    const text = input.toString("utf8");
    if (text.length > 8192) return Buffer.from(text.slice(0, 4096));
    if (random.oneIn(500)) return Buffer.from(swollen(text, random));
    const tags = [...text.matchAll(/<[^<>]*>/g)];
    const found = tags.length > 0 && random.oneIn(3) ? random.pick(tags) : undefined;
    if (!found) return undefined;
    const by = random.pick(["", found[0].repeat(2), random.pick(tags)[0], random.pick(plist.tokens)]);
    return Buffer.from(text.slice(0, found.index) + by + text.slice(found.index + found[0].length));
  },

  run(input) {
    const text = input.toString("utf8");
    const records = read(text);
    if (Object.keys(Object.prototype).length > 0) throw new Error("a property list has changed Object.prototype");
    if (!records) return;
    for (const record of records) {
      if (Object.getPrototypeOf(record) !== null) throw new Error("a record has a prototype");
    }
    const named = [...text.matchAll(/<key>/g)].length;
    const kept = records.reduce((count, record) => count + Object.keys(record).length, 0);
    if (kept !== named) throw new Error(`${named} attributes were named, ${kept} are there`);
    if (text.length > 8192) return;
    const other = readByPlist(text.replace(/<(\/?)data>/g, "<$1string>")); // We do not decode data.
    if (!other) return;
    const [ours, theirs] = [comparable(records), comparable(other)];
    if (ours !== theirs) throw new Error(`we read ${ours}, the package plist reads ${theirs}`);
  },
};
