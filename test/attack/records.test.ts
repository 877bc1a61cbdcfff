/** Other records of the machine, and what dscl prints of them, can hold anything. */
import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { parseRecords } from "../../helper/plist.ts";
import { useHelper } from "../helper/fixture.ts";
import { needsRoot } from "../root.ts";

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n';
const plist = (body: string): string => `${head}${body}\n</plist>\n`;
const record = (values: string, key = "dsAttrTypeStandard:RealName"): string =>
  plist(`<dict><key>${key}</key><array>${values}</array></dict>`);

suite("A property list from dscl", () => {
  test("holds what other records say as text and never as structure", () => {
    const forged = "</string></array><key>UniqueID</key><array><string>0";
    const escaped = forged.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const [read] = parseRecords(record(`<string>${escaped}</string><string>&#x41;&amp;lt;&quot;&apos;\n x</string>`));
    assert.deepEqual(Object.keys(read ?? {}), ["RealName"]);
    assert.deepEqual(read?.["RealName"], [forged, "A&lt;\"'\n x"]);
  });

  test("with a key of every object is a key like any other", () => {
    const [read] = parseRecords(record("<string>0</string>", "__proto__"));
    assert.deepEqual(Object.entries(read ?? {}), [["__proto__", ["0"]]]);
    assert.equal(Object.getPrototypeOf(read), null);
  });

  test("of a megabyte in one value is read in time that grows with it and not faster", () => {
    const text = "a&amp;".repeat(200_000);
    const begun = performance.now();
    assert.equal(parseRecords(record(`<string>${text}</string>`))[0]?.["RealName"]?.[0]?.length, 400_000);
    assert.throws(() => parseRecords(`${head}${"<dict>".repeat(150_000)}`));
    assert.throws(() => parseRecords(`${head}${" \n".repeat(400_000)}`));
    assert.ok(performance.now() - begun < 10_000);
  });

  for (const [what, xml] of [
    ["CDATA", record("<string><![CDATA[x]]></string>")],
    ["a comment", record("<!-- x --><string>x</string>")],
    ["an entity of its own", `${head.replace('">', '" [<!ENTITY e "x">]>')}<dict></dict></plist>`],
    ["an entity that nobody knows", record("<string>&e;</string>")],
    ["an ampersand that is none", record("<string>a & b</string>")],
    ["a character beyond all characters", record("<string>&#x110000;</string>")],
    ["an integer in place of a string", record("<integer>0</integer>")],
    ["a record inside a value", record("<dict></dict>")],
    ["a value that does not end", `${head}<dict><key>a</key><array><string>x`],
    ["a second record behind the only one", plist("<dict></dict><dict></dict>")],
    ["something behind its end", `${record("<string>x</string>")}<plist/>`],
    ["nothing", ""],
  ] satisfies [string, string][]) {
    test(`with ${what} is refused as a whole`, () => {
      assert.throws(() => parseRecords(xml), /plist|code point/);
    });
  }
});

suite("A foreign record", { skip: needsRoot }, () => {
  const fixture = useHelper();

  function plant(t: TestContext, name: string, attributes: [string, string][]): string {
    const path = `/Users/${name}`;
    t.after(() => fixture.helper.dscl(".", "-delete", path));
    for (const attribute of [[], ...attributes]) fixture.helper.dscl(".", "-create", path, ...attribute);
    return path;
  }

  test("with markup, line ends and 100 KB in its attributes changes nothing for the next task user", async (t) => {
    const text = `</string></array>]]><key>UniqueID</key>&amp;&#0;\n"'${"x".repeat(100_000)}`;
    const attributes: [string, string][] = [
      ["RealName", text],
      ["Comment", text],
    ];
    const path = plant(t, "tcw-zzzzzzzz", attributes);
    const before = fixture.helper.dscl("-plist", ".", "-read", path);
    const { client, user } = await fixture.clientWithUser(t);
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    assert.equal(fixture.helper.dscl("-plist", ".", "-read", path), before);
  });

  test("whose uid is a number with a tail keeps that uid to itself", async (t) => {
    const client = await fixture.client(t);
    const { uid } = await client.request("createUser", {});
    const next = fixture.helper.slice.firstUid + ((uid + 1 - fixture.helper.slice.firstUid) % 25);
    plant(t, "tcw-yyyyyyyy", [["UniqueID", `${next}abc`]]);
    assert.notEqual((await client.request("createUser", {})).uid, next);
  });
});
