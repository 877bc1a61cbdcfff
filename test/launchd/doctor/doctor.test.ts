import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { startLocalQueue } from "../../../agent/local/queue.ts";
import { checks } from "../../../launchd/doctor/checks.ts";
import { launch } from "../../cli/ordinary-user.ts";
import { needsRoot } from "../../root.ts";
import { prepared } from "../../stories/prepared.ts";

interface Row {
  readonly id: string;
  readonly result: string;
  readonly what: string;
  readonly fix: readonly string[];
}

const onLinux = process.platform === "linux" ? false : "tells of Linux";

/** The rows of the JSON document that ends what was said. */
function rowsOf(said: string): ReadonlyMap<string, Row> {
  const { checks: rows }: { checks: readonly Row[] } = JSON.parse(said.slice(said.indexOf("{\n")));
  return new Map(rows.map((row) => [row.id, row]));
}

function assertNotOfMac(rows: ReadonlyMap<string, Row>): void {
  for (const { id, only } of checks) {
    if (only) assert.deepEqual([rows.get(id)?.result, rows.get(id)?.what], ["not-here", "not on this platform"], id);
  }
}

suite("doctor on this machine", { skip: onLinux }, () => {
  test("as somebody who is not root: asks what can be asked, and names the command for the rest", async () => {
    const { stdout } = await launch(["doctor", "--json"]);
    const rows = rowsOf(stdout);
    assert.deepEqual(
      [...rows.keys()],
      checks.map(({ id }) => id),
    );
    assertNotOfMac(rows);
    for (const id of ["modes", "helper", "accounts"]) {
      const { result, what, fix } = rows.get(id) ?? { fix: [] };
      assert.equal(result, "not-here", `${id}: ${what}`);
      assert.match(fix.join(), /^sudo \/.*taskcluster-worker doctor$/, id);
    }
  });

  test("refuses an option that it does not have", async () => {
    const { status, stderr } = await launch(["doctor", "--jsno"]);
    assert.equal(status, 64);
    assert.match(stderr, /there is no option "--jsno"/);
  });
});

suite("doctor as root, on a machine of its own", { skip: needsRoot || onLinux, concurrency: 2 }, () => {
  test("makes, uses and deletes a task user, and finds nothing wrong", async () => {
    const { status, said } = await prepared(
      "./taskcluster-worker doctor --json; getent passwd | grep -c ^tcw- || true",
    );
    const rows = rowsOf(said.slice(0, said.lastIndexOf("}") + 1));
    assert.equal(status, 0, said);
    assertNotOfMac(rows);
    assert.match(rows.get("accounts")?.what ?? "", /^tcw-\w{8} was made, ran a command and is gone$/);
    assert.equal(rows.get("helper")?.result, "pass");
    assert.match(said, /\n0\n$/, "no account is left");
  });

  test("says that deletion of accounts is refused, which is a warning", async () => {
    const standIn =
      "cp -r test/dscl /run/stand-in; echo tcc=denied >/run/stand-in/modes; mkdir -p /etc/taskcluster-worker";
    const config = JSON.stringify({ dscl: "/run/stand-in/dscl", uidRange: [5000, 5499], maxUsers: 10 });
    const write = `${standIn}; echo '${config}' >/etc/taskcluster-worker/helper.json`;
    const { status, said } = await prepared(`${write}; ./taskcluster-worker doctor --json --strict`);
    assert.equal(status, 1, said);
    const { result, what } = rowsOf(said).get("accounts") ?? {};
    assert.deepEqual([result, what?.split(":")[0]], ["warn", "macOS refuses to delete accounts (TCC)"]);
  });

  test("asks the services as the agent, with root's worker.yml, and finds the stranger in the range", async (t) => {
    const blobDir = await mkdtemp(join(tmpdir(), "doctor-"));
    const queue = await startLocalQueue({ blobDir });
    t.after(async () => {
      await queue.close();
      await rm(blobDir, { recursive: true });
    });
    const { clientId, accessToken } = queue.workerCredentials("mac/x", "office", "mac-1");
    const config = {
      ...{ rootURL: queue.rootUrl, clientId, accessToken, provisionerId: "mac", workerType: "x" },
      ...{ workerGroup: "office", workerId: "mac-1" },
    };
    const folder = "/etc/taskcluster-worker";
    const write = `mkdir -p ${folder}; (umask 077; echo '${JSON.stringify(config)}' >${folder}/worker.yml)`;
    const stranger = "groupadd -g 5700 stranger";
    const { status, said } = await prepared(`${write}; ${stranger}; ./taskcluster-worker doctor --json`);
    const rows = rowsOf(said);
    assert.equal(status, 1, said);
    assert.deepEqual(
      ["queue", "scopes", "worker-manager", "clock"].map((id) => rows.get(id)?.result),
      ["pass", "pass", "not-here", "pass"],
    );
    const { result, what, fix } = rows.get("uids") ?? {};
    assert.deepEqual(
      [result, what, fix],
      ["fail", "the group stranger has the id 5700", ["sudo groupmod -g NEW stranger"]],
    );
  });
});
