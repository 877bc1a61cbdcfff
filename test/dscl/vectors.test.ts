import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { needsRoot } from "../root.ts";
import type { Attributes, State } from "./directory.ts";
import { differences, vectorPrefix } from "./judge.ts";
import { accountLine, StandIn } from "./stand-in.ts";
import { readVectors, type Vector } from "./vectors.ts";

/** Bulk deletion in a vector may reach these ids and no others. */
const range = "4990-4992";
/** What /etc/passwd must say of a user, and /etc/group of a group: nothing until the numbers are there. */
function expectedLine(path: string, record: Attributes): string | undefined {
  const name = path.split("/")[2] ?? "";
  const one = (key: string, otherwise: string) => record[key]?.[0] ?? otherwise;
  const [uid, gid] = [one("UniqueID", ""), one("PrimaryGroupID", "")];
  if (path.startsWith("/Groups/")) {
    return gid && [name, "x", gid, (record["GroupMembership"] ?? []).join(",")].join(":");
  }
  if (!uid || !gid) return undefined;
  const [home, shell] = [one("NFSHomeDirectory", "/nonexistent"), one("UserShell", "/usr/sbin/nologin")];
  return [name, "x", uid, gid, one("RealName", ""), home, shell].join(":");
}

describe("each vector plays on the stand-in", { skip: needsRoot, concurrency: false }, () => {
  let builder: StandIn;
  let subject: StandIn;
  /** What the directory holds now, so that it is built anew only when the next vector needs another state. */
  let present: { readonly state: State; readonly records: State } | undefined;

  before(async () => {
    builder = await StandIn.make({ range, uid: "allow" });
    subject = await StandIn.make();
    await builder.deleteAll(vectorPrefix);
  });

  after(async () => {
    await builder.deleteAll(vectorPrefix);
    await builder.remove();
    await subject.remove();
  });

  const text = ({ state, after }: Vector) => JSON.stringify([state, !isDeepStrictEqual(state, after)]);
  const grouped = readVectors().sort((one, other) => (text(one) < text(other) ? -1 : 1));
  for (const vector of grouped) {
    test(vector.name, async () => {
      if (!isDeepStrictEqual(present?.state, vector.state)) {
        await builder.deleteAll(vectorPrefix);
        await builder.build(vector.state);
        present = { state: vector.state, records: await builder.records(vectorPrefix) };
      }
      const before = present?.records ?? {};
      present = undefined;
      await subject.setModes({ range, ...vector.modes });
      const result = await subject.run(...vector.argv);
      const records = await builder.records(vectorPrefix);
      assert.deepEqual(differences(vector, result, before, records), []);
      for (const path of new Set([...Object.keys(vector.state), ...Object.keys(vector.after)])) {
        const [, type, name = ""] = path.split("/");
        const [file, shadow] = type === "Users" ? (["passwd", "shadow"] as const) : (["group", "gshadow"] as const);
        const line = expectedLine(path, vector.after[path] ?? {});
        assert.equal(await accountLine(file, name), line || undefined);
        const shadowLine = line ? `${name}:*:${type === "Users" ? "::::::" : ":"}` : undefined;
        assert.equal(await accountLine(shadow, name), shadowLine);
      }
      present = { state: vector.after, records };
    });
  }
});

test("there are at least 60 vectors, and no two have the same name", () => {
  const names = readVectors().map(({ name }) => name);
  assert.ok(names.length >= 60);
  assert.equal(new Set(names).size, names.length);
});

test("a vector that could delete what is not its own is marked as not for a Mac", () => {
  const ownPath = /^\/(Users|Groups)\/(_tcwtest-a\/\.\.\/)?[_%5f]+tcwtest-[a-z]$/i;
  for (const { name, argv, standInOnly } of readVectors()) {
    const at = argv.findIndex((word) => /^-?(delete|rm|destroy)$/.test(word));
    const path = argv[at + 1];
    const harmless = at < 0 || path === undefined || path === "/" || argv.length > at + 2 || ownPath.test(path);
    assert.ok(harmless || standInOnly, name);
  }
});
