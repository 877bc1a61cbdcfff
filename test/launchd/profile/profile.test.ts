import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";
import { type PlistValue, parse } from "plist";
import { agentLabel, helperLabel } from "../../../launchd/plists.ts";
import { renderProfile } from "../../../launchd/profile/profile.ts";

const options = { teamId: "ABCDE12345", node: "/Library/A & B/versions/1.0.0-0123456789ab/bin/node" };
const xmllint = ["/usr/bin/xmllint", "/opt/homebrew/bin/xmllint"].find((path) => existsSync(path));

function dictionary(value: PlistValue | undefined): Record<string, PlistValue> {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value));
  return Object.fromEntries(Object.entries(value));
}

function list(value: PlistValue | undefined): PlistValue[] {
  assert.ok(Array.isArray(value));
  return [...value];
}

const profileOf = (text: string): Record<string, PlistValue> => dictionary(parse(text));
const payloadsOf = (text: string): Record<string, PlistValue>[] =>
  list(profileOf(text)["PayloadContent"]).map(dictionary);
const uuidsOf = (text: string): string[] =>
  [...text.matchAll(/<key>PayloadUUID<\/key>\s*<string>([^<]*)</g)].map(([, uuid = ""]) => uuid);

suite("a configuration profile", () => {
  const text = renderProfile(options);
  const [privacy = {}, jobs = {}] = payloadsOf(text);

  test("is for the whole Mac, and has the keys that Apple asks of a profile and of each payload", () => {
    const profile = profileOf(text);
    assert.equal(profile["PayloadType"], "Configuration");
    assert.equal(profile["PayloadScope"], "System");
    const types = ["com.apple.TCC.configuration-profile-policy", "com.apple.servicemanagement"];
    assert.deepEqual([privacy["PayloadType"], jobs["PayloadType"]], types);
    for (const each of [profile, privacy, jobs]) {
      assert.equal(each["PayloadVersion"], 1);
      assert.match(String(each["PayloadIdentifier"]), /^org\.taskcluster\.worker\.profile/);
      assert.match(
        String(each["PayloadUUID"]),
        /^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/,
      );
    }
  });

  test("grants one thing to one program: what deletes accounts to Node, by its path and the team that has signed it", () => {
    const services = dictionary(privacy["Services"]);
    assert.deepEqual(Object.keys(services), ["SystemPolicySysAdminFiles"]);
    const [grant, ...others] = list(services["SystemPolicySysAdminFiles"]).map(dictionary);
    assert.deepEqual(others, []);
    const { Identifier, IdentifierType, Authorization, StaticCode, CodeRequirement } = grant ?? {};
    assert.deepEqual([Identifier, IdentifierType, Authorization, StaticCode], [options.node, "path", "Allow", false]);
    assert.match(
      String(CodeRequirement),
      /^identifier "node" and anchor apple generic and .*\[subject\.OU\] = "ABCDE12345"$/,
    );
  });

  test("names both jobs by their labels, and the team where the job's program is Node", () => {
    const rules = list(jobs["Rules"]).map(dictionary);
    assert.deepEqual(
      rules.map(({ RuleType, RuleValue, TeamIdentifier }) => [RuleType, RuleValue, TeamIdentifier]),
      [
        ["Label", helperLabel, options.teamId],
        ["Label", agentLabel, undefined],
      ],
    );
  });

  test("has the same bytes each time, and other UUIDs where another thing is granted", () => {
    assert.equal(renderProfile({ ...options }), text);
    const changed = uuidsOf(renderProfile({ ...options, node: "/opt/node" }));
    const [profile, privacyUuid, jobsUuid] = uuidsOf(text).sort();
    assert.equal(new Set([profile, privacyUuid, jobsUuid]).size, 3);
    assert.deepEqual(
      changed.filter((uuid) => uuidsOf(text).includes(uuid)),
      [jobs["PayloadUUID"]],
    );
  });

  test("is well-formed XML", { skip: xmllint === undefined && "xmllint is not here" }, () => {
    const { status, stderr } = spawnSync(xmllint ?? "", ["--noout", "--nonet", "-"], { input: text, encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""]);
  });
});
