import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { type AgentConfig, defaultConfig } from "../../agent/config.ts";
import { PayloadError, parsePayload } from "../../agent/payload/parse.ts";
import { Fixture } from "../worker/fixture.ts";
import { taskWith } from "./definition.ts";

interface Case {
  readonly case: string;
  readonly payload: Record<string, unknown>;
  readonly config?: Partial<AgentConfig>;
  readonly says: readonly string[];
}

const isCases = new Ajv().compile<readonly Case[]>({
  type: "array",
  items: {
    type: "object",
    properties: {
      case: { type: "string" },
      payload: { type: "object" },
      config: { type: "object" },
      says: { type: "array", items: { type: "string" }, minItems: 1 },
    },
    required: ["case", "payload", "says"],
    additionalProperties: false,
  },
});
const cases: unknown = parse(readFileSync(new URL("malformed.yml", import.meta.url), "utf8"));
assert(isCases(cases), JSON.stringify(isCases.errors));

const settings = { ...defaultConfig, maxTaskRunTime: 3600, provisionerId: "test", workerType: "mac" };

function refused({ payload, config }: Case): readonly string[] {
  try {
    parsePayload(taskWith(payload), { ...settings, ...config });
  } catch (error) {
    assert(error instanceof PayloadError);
    assert.equal(error.kind, "malformed-payload");
    return error.errors;
  }
  assert.fail("the payload was accepted");
}

/** What was said, with the ends left out that the table leaves out. */
function likeTable(said: readonly string[], table: readonly string[]): string[] {
  return said.map((sentence, index) => {
    const beginning = table[index]?.endsWith("…") ? table[index].slice(0, -1) : null;
    return beginning && sentence.startsWith(beginning) ? `${beginning}…` : sentence;
  });
}

describe("a malformed payload is refused, and all its mistakes are named:", () => {
  for (const each of cases) {
    it(each.case, () => {
      const said = refused(each);
      assert.deepEqual(likeTable(said, each.says), each.says);
      for (const sentence of said) assert.match(sentence, /^task\.payload\b.*[.?]$/);
    });
  }
});

describe("a worker that is given a malformed payload", () => {
  const inWorker = [
    "an empty payload",
    "an unknown content encoding",
    "an artifact that expires after the task",
    "osGroups",
    "a payload for docker-worker",
    "neither a command nor a link",
    "a link to a file of the worker",
  ];

  it("resolves the task malformed-payload, with every mistake in the log and one on its last line", async (t) => {
    const fixture = await Fixture.start(t, { config: { capacity: 4, maxTaskRunTime: 3600 } });
    void fixture.run();
    const some = cases.filter((each) => inWorker.includes(each.case) && !each.config);
    assert.equal(some.length, inWorker.length - 1);
    await Promise.all(
      some.map(async ({ case: name, payload, says }) => {
        const taskId = await fixture.createTask(payload);
        const { runs } = await fixture.resolved(taskId);
        assert.equal(runs[0]?.reasonResolved, "malformed-payload", name);
        const log = await fixture.log(taskId);
        const errors = log.split("\n").filter((line) => line.startsWith("[taskcluster:error]"));
        // The dates of the task are today's.
        const place = (sentence: string) => sentence.replace(/: \d{4}-.*/, "");
        for (const each of says)
          assert(
            errors.some((line) => line.includes(place(each))),
            `${name}: ${log}`,
          );
        assert.match(log, /\n\[taskcluster:error\] task\.payload[^\n]*\n$/, name);
      }),
    );
    assert.deepEqual(
      fixture.events.filter(({ event }) => event === "user"),
      [],
    );
  });

  it("shows the author of a payload in generic-worker's dialect the schema, not as an error", async (t) => {
    const fixture = await Fixture.start(t);
    const taskId = await fixture.createTask({ command: [["true"]], maxRunTime: 0, artefacts: [] });
    void fixture.run();
    const lines = (await fixture.log(taskId)).split("\n");
    const from = lines.findIndex((line) => line.endsWith("must conform to the following jsonschema:"));
    const end = lines.findIndex((line) => line.startsWith("[taskcluster:error]"));
    const schema = lines.slice(from + 1, end).map((line) => line.replace(/^\[taskcluster \S+\] /, ""));
    assert(Object.keys(Object(JSON.parse(schema.join("\n"))).properties).includes("onExitStatus"));
    assert.deepEqual(
      lines.slice(end, end + 3).map((line) => line.replace(/; did you.*/, "")),
      [
        "[taskcluster:error] TASK FAIL since the task payload is invalid. See errors:",
        '[taskcluster:error] - task.payload has the unknown property "artefacts"',
        "[taskcluster:error] - task.payload.maxRunTime must be at least 1, not 0.",
      ],
    );
  });
});
