import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { Audit } from "../../helper/audit.ts";
import { Dscl, type RecordType } from "../../helper/dscl.ts";
import type { Attributes } from "../../helper/plist.ts";
import { makeRecords, verifyRecords } from "../../helper/records.ts";
import type { Account } from "../../shared/protocol/root-types.ts";

const guid = "12345678-1234-4234-8234-123456789ABC";
const account = (): Account => ({ name: "tcw-aaaaaaaa", uid: 5999, guid: "", groupGuid: "" });

class FullLog extends Audit {
  override note(): boolean {
    return false;
  }
}

/** Records in memory, which get a GeneratedUID as soon as they are made. Attributes in `lost` are not kept. */
class Records extends Dscl {
  readonly all = new Map<string, Record<string, readonly string[]>>();
  readonly lost: readonly string[];

  constructor(audit: Audit, lost: readonly string[] = []) {
    super("/nosuch", audit);
    this.lost = lost;
  }

  override async read(type: RecordType, name: string): Promise<Attributes | undefined> {
    return this.all.get(`${type}/${name}`);
  }

  override async readAll(): Promise<Attributes[]> {
    return [...this.all.values()];
  }

  override async create(type: RecordType, name: string, attribute?: readonly [string, string]): Promise<number> {
    const record = this.all.get(`${type}/${name}`) ?? { GeneratedUID: [guid] };
    const [key, value] = attribute ?? ["RecordName", name];
    this.all.set(`${type}/${name}`, { ...record, [key]: [value] });
    for (const each of this.lost) delete this.all.get(`${type}/${name}`)?.[each];
    return 0;
  }
}

function logIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "records-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "audit.log");
}
const make = (records: Records): Promise<boolean> => makeRecords(records, account(), "/home/x", "Taskcluster task");

suite("An account", { concurrency: true }, () => {
  test("is not made when the audit log does not take the call", async (t) => {
    const dscl = new Dscl("/bin/true", new FullLog(logIn(t)));
    await assert.rejects(dscl.create("Users", "tcw-aaaaaaaa"), { code: "journal-unwritable" });
  });

  test("is deleted although the audit log does not take the call", async (t) => {
    assert.equal(await new Dscl("/bin/true", new FullLog(logIn(t))).delete("Users", "tcw-aaaaaaaa"), 0);
  });

  test("that exists already is not made, and stays as it was", async (t) => {
    const records = new Records(new Audit(logIn(t)));
    const own = { UniqueID: ["501"], GeneratedUID: [guid] };
    records.all.set("Users/tcw-aaaaaaaa", own);
    await assert.rejects(make(records), /exists already/);
    assert.deepEqual(records.all.get("Users/tcw-aaaaaaaa"), own);
  });

  test("without a GeneratedUID is refused", async (t) => {
    await assert.rejects(make(new Records(new Audit(logIn(t)), ["GeneratedUID"])), /has no GeneratedUID/);
  });

  test("of which an attribute was not set is refused", async (t) => {
    await assert.rejects(make(new Records(new Audit(logIn(t)), ["UserShell"])), /UserShell is not as set/);
  });

  test("that the system does not know is refused", async (t) => {
    await assert.rejects(make(new Records(new Audit(logIn(t)))), /did not become visible/);
  });

  test("with our GeneratedUID and another uid is foreign", async (t) => {
    const records = new Records(new Audit(logIn(t)));
    records.all.set("Users/tcw-aaaaaaaa", { UniqueID: ["501"], GeneratedUID: [guid] });
    records.all.set("Groups/tcw-aaaaaaaa", { PrimaryGroupID: ["5999"], GeneratedUID: [guid] });
    assert.equal(await verifyRecords(records, { ...account(), guid, groupGuid: guid }), "foreign");
  });
});
