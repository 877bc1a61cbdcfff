/** The life of an installation, by the programs of the releases alone, on a machine that looks like a Mac. */
import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { type LocalQueue, startLocalQueue } from "../../../agent/local/queue.ts";
import { layoutOf } from "../../../launchd/layout.ts";
import { agentLabel, helperLabel } from "../../../launchd/plists.ts";
import { needsRoot } from "../../root.ts";
import { type Ended, Machine } from "./machine.ts";
import { writeReleases } from "./releases.ts";
import { Submitter } from "./submitter.ts";

const layout = layoutOf();
const [first, second] = ["0.9.1", "0.9.2"];
const launcherOf = (version: string): string => `/opt/releases/${version}/taskcluster-worker`;
const installed = `${layout.current}/taskcluster-worker`;
const pool = { provisionerId: "mac", workerType: "life" };

/** What doctor cannot ask of a machine that only looks like a Mac, or of this pool. */
const notAsked = ["background-items", "worker-manager"];

suite("An installation, from the first day to the last", { skip: needsRoot || process.platform !== "linux" }, () => {
  let machine: Machine;
  let queue: LocalQueue;
  let submitter: Submitter;
  let blobDir = "";
  let clean: Record<string, string> = {};
  before(async () => {
    blobDir = mkdtempSync(join(tmpdir(), "life-blobs-"));
    queue = await startLocalQueue({ blobDir });
    submitter = new Submitter(queue, pool);
    const { clientId, accessToken } = queue.workerCredentials(
      `${pool.provisionerId}/${pool.workerType}`,
      "here",
      "mac-1",
    );
    const settings = {
      ...{ rootURL: queue.rootUrl, clientId, accessToken, ...pool, workerGroup: "here", workerId: "mac-1" },
    };
    machine = await Machine.start((releases) => {
      writeReleases(releases, [first, second]);
      writeFileSync(join(releases, "worker.yml"), JSON.stringify(settings), { mode: 0o600 });
    });
    clean = machine.tree();
  });
  after(async () => {
    await machine.stop();
    await queue.close();
    rmSync(blobDir, { recursive: true });
  });

  const succeeds = async (...argv: readonly [string, ...string[]]): Promise<Ended> => {
    const ended = await machine.run(...argv);
    assert.equal(ended.status, 0, `${argv.join(" ")}: ${ended.stdout}${ended.stderr}`);
    return ended;
  };
  const currentVersion = (): string => /versions\/([\d.]+)-/.exec(readlinkSync(machine.at(layout.current)))?.[1] ?? "";
  /** The account and the command line of a job's own process. */
  const processOf = async (label: string): Promise<string> => {
    const program = label === helperLabel ? "/helper/main.js" : "/agent/main.js";
    const { stdout } = await succeeds("/real/usr/bin/ps", "-axwwo", "user=,args=");
    return stdout.split("\n").find((line) => line.includes(program) && !line.includes("supervise")) ?? "";
  };
  /** A task of the queue, done by the installed worker. */
  const doesTask = async (): Promise<void> => {
    const { state, log } = await submitter.run("id -un; echo done");
    assert.equal(state, "completed", log);
    assert.match(log, /^tcw-[a-z2-7]{8}\ndone$/m);
  };

  test("begins with a plan that changes nothing", async () => {
    const { stdout } = await succeeds(launcherOf(first), "install", "--agent-user", "ci", "--plan");
    assert.match(stdout, /^ +1 directory /);
    assert.deepEqual(machine.tree(), clean);
  });

  test("starts the helper as root without executable memory, and the agent as its account, from the installed files", async () => {
    await succeeds(launcherOf(first), "install", "--agent-user", "ci", "--config", "/opt/releases/worker.yml");
    assert.equal(currentVersion(), first);
    assert.match(await processOf(helperLabel), new RegExp(`^root .* --jitless ${layout.current}/helper/main\\.js `));
    assert.match(await processOf(agentLabel), new RegExp(`^ci .* ${layout.current}/agent/main\\.js work macosx `));
  });

  test("does a task of the queue", doesTask);

  test("is fine by its own doctor, but for what is no part of such a machine", async () => {
    const { stdout } = await succeeds(installed, "doctor", "--json", "--strict");
    const { checks }: { checks: readonly { id: string; result: string }[] } = JSON.parse(stdout);
    assert.deepEqual(
      checks.filter(({ result }) => result !== "pass").map(({ id, result }) => `${id} ${result}`),
      notAsked.map((id) => `${id} not-here`),
    );
  });

  test("lets somebody run a task of their own beside the worker", async () => {
    const { stdout } = await succeeds(installed, "run-task", "/opt/checkout/launchd/doctor/trial.yml", "--json");
    assert.match(stdout, /"event":"gone".*"state":"completed"/);
  });

  test("is upgraded: the settings stay, the version before goes, and the new one works", async () => {
    const settings = machine.tree()[layout.workerConfig];
    await succeeds(launcherOf(second), "upgrade");
    assert.equal(currentVersion(), second);
    assert.equal(machine.tree()[layout.workerConfig], settings);
    assert.equal(
      Object.keys(machine.tree()).filter((path) => path.startsWith(`${layout.versions}/${first}`)).length,
      0,
    );
    await doesTask();
  });

  test("ends without a trace: every path, owner, mode and content is as it was before", async () => {
    const { stderr } = await succeeds(launcherOf(second), "uninstall", "--purge");
    assert.match(stderr, /^uninstalled: nothing of it is left$/m);
    assert.deepEqual(machine.tree(), clean);
    assert.deepEqual([await processOf(helperLabel), await processOf(agentLabel)], ["", ""]);
    assert.equal(lstatSync(machine.at("/Users/ci")).uid, 501);
  });
});
