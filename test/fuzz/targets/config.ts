/** The reader of helper.json. An input is the file's content. */
import { readConfig } from "../../../helper/config.ts";
import { rootSchemas } from "../../../shared/protocol/root-schemas.ts";
import { valueFor } from "../from-schema.ts";
import { changeJson } from "../json-text.ts";
import { isValid } from "../judge.ts";
import { disk } from "../memory-files.ts";
import { isSentence } from "../sentence.ts";
import type { Target } from "../target.ts";

const schema = rootSchemas["config"] ?? {};
const keys = Object.keys(Object(schema["properties"]));
const file = "/etc/taskcluster-worker/helper.json";

export const config: Target = {
  tokens: [
    ...keys.map((key) => `"${key}":`),
    ...[
      '"__proto__":',
      "[5000,5499]",
      "[5499,5000]",
      "[4000,59999]",
      "0",
      "-1",
      "1e3",
      "true",
      "{",
      "}",
      "[",
      "]",
      ",",
    ],
    ...['"/"', '"/a/.."', '"/a/../b"', '"//"', '"/.a"', '"\\n"', '"\\u0000"', "\ufeff", "\u2028", "//", "\\", '"'],
  ],

  make(random) {
    const json = JSON.stringify(valueFor(schema, random));
    return Buffer.from(random.oneIn(2) ? changeJson(json, random) : json);
  },

  change(input, random) {
    const text = input.toString("utf8");
    return text.length > 8192 || random.oneIn(3) ? undefined : Buffer.from(changeJson(text, random));
  },

  run(input) {
    disk.reset(file, input);
    let read: ReturnType<typeof readConfig>;
    try {
      read = readConfig(file);
    } catch (error) {
      if (!isSentence(error, file)) throw error;
      return;
    }
    if (!isValid(schema, read)) throw new Error(`the schema does not allow ${JSON.stringify(read)}`);
    const missing = keys.find((key) => !Object.hasOwn(read, key));
    if (missing) throw new Error(`${missing} has no value`);
    if (read.uidRange[0] > read.uidRange[1]) throw new Error("the range is upside down");
    const [given, result]: Record<string, unknown>[] = [JSON.parse(input.toString("utf8")), { ...read }];
    for (const key of Object.keys(given ?? {})) {
      if (JSON.stringify(given?.[key]) !== JSON.stringify(result?.[key])) throw new Error(`${key} is not as given`);
    }
    if (Object.keys(Object.prototype).length > 0) throw new Error("the file has changed Object.prototype");
  },
};
