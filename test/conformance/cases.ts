/** Reads and checks the files of `cases/`. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { type CaseFile, type Placed, peers, statuses } from "./case.ts";

const text = { type: "string", minLength: 1 };
const texts = { type: "array", items: text, minItems: 1 };
const closed = (properties: object, required: readonly string[] = []): object => ({
  ...{ type: "object", properties, required, additionalProperties: false, minProperties: 1 },
});
const mapOf = (value: object): object => ({ type: "object", additionalProperties: value });
const count = { type: "integer", minimum: 0 };

const artifact = closed(
  {
    storage: { enum: ["s3", "object", "link", "reference", "error"] },
    contentEncoding: { enum: ["gzip", "identity"] },
    content: { type: "string" },
    ...{ contentType: text, expires: text, reason: text, message: text },
  },
  ["storage"],
);

const expected = closed({
  resolution: { type: "string", pattern: "^(completed/completed|failed/failed|exception/[a-z-]+)$" },
  ...{ log: texts, notInLog: texts, artifacts: mapOf(artifact), noOtherArtifacts: { const: true } },
  seconds: closed({ least: count, most: count }, ["least", "most"]),
  exitStatus: count,
});

const served = {
  oneOf: [
    { type: "string" },
    closed({ "tar.gz": mapOf({ type: "string" }) }),
    closed({ zip: mapOf({ type: "string" }) }),
  ],
};

const oneCase = closed(
  {
    status: { enum: statuses },
    ...{ name: text, about: text, reason: text, peerExpects: text, feature: text, restated: { const: true } },
    config: { type: "object" },
    manager: closed({ needsIt: count }, ["needsIt"]),
    task: closed({ scopes: texts, dependencies: texts, deadline: text, expires: text }),
    files: mapOf(served),
    payload: { type: "object" },
    whileRunning: closed(
      {
        logShows: text,
        cancel: { const: true },
        answers: mapOf(count),
        shell: closed({ artifact: text, types: text, shows: text, stranger: count }, ["artifact"]),
      },
      ["logShows"],
    ),
    expect: expected,
  },
  ["name", "status"],
);

const isCaseFile = new Ajv({ allErrors: true, strictTypes: false }).compile<CaseFile>(
  closed({ peer: { enum: peers }, tests: text, cases: { type: "array", items: oneCase, minItems: 1 } }, [
    ...["peer", "tests", "cases"],
  ]),
);

/** What a schema cannot say well: each status needs what makes it worth reading. */
function lackOf({ status, reason, peerExpects, feature, payload, expect }: Placed): string | null {
  const asserts = expect?.resolution !== undefined || expect?.exitStatus !== undefined;
  switch (status) {
    case "passed":
      return asserts ? null : "a resolution or an exit status to expect";
    case "different":
      return asserts && reason && peerExpects ? null : "a resolution to expect, a reason, and peerExpects";
    case "not yet":
      return (payload ? feature : reason) && peerExpects
        ? null
        : "the feature, or without a payload a reason; peerExpects";
    case "not applicable":
      return reason && !payload ? null : "a reason, and no payload";
  }
}

/** All cases, in the order of their files. Throws with one sentence for the first file that is wrong. */
export function allCases(): Placed[] {
  const folder = join(import.meta.dirname, "cases");
  return globSync("*/*.yml", { cwd: folder })
    .sort()
    .flatMap((file) => {
      const read: unknown = parse(readFileSync(join(folder, file), "utf8"), { merge: true });
      if (!isCaseFile(read)) {
        const [error] = isCaseFile.errors ?? [];
        throw new Error(`${file}: ${error?.instancePath} ${error?.message} ${JSON.stringify(error?.params)}`);
      }
      const { peer, tests, cases } = read;
      return cases.map((each): Placed => {
        const placed = { ...each, peer, tests };
        const lack = lackOf(placed);
        if (lack) throw new Error(`${file}: ${each.name} is "${each.status}", and needs ${lack}`);
        return placed;
      });
    });
}
