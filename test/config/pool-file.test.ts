/** The configuration file of an existing macOS pool, as worker-runner writes it for generic-worker. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { refused, withoutEffect } from "../../agent/config/foreign.ts";
import { ConfigError, loadConfig, missing } from "../../agent/config/load.ts";

/** Every key that generic-worker knows on a Mac, none with its default. */
const everyKey = {
  accessToken: "a-token-of-twenty-two-letters",
  allowedHighMemoryDurationSecs: 10,
  availabilityZone: "mdc1",
  cachesDir: "/Library/Caches/generic-worker/caches",
  capacity: 2,
  certificate: '{"version":1}',
  cleanUpTaskDirs: false,
  clientId: "worker/releng-hardware/gecko-t-osx-1500-m4/macmini-m4-81",
  createObjectArtifacts: true,
  disableOOMProtection: true,
  disableReboots: false,
  downloadsDir: "/Library/Caches/generic-worker/downloads",
  ed25519SigningKeyLocation: "/etc/generic-worker/ed25519_key",
  enableChainOfTrust: true,
  enableInteractive: false,
  enableLiveLog: false,
  enableMetadata: false,
  enableMounts: true,
  enableOSGroups: true,
  enableResourceMonitor: false,
  enableRunTaskAsCurrentUser: true,
  enableTaskclusterProxy: true,
  headlessTasks: true,
  idleTimeoutSecs: 7200,
  instanceID: "macmini-m4-81",
  instanceType: "macmini-m4",
  interactivePort: 53_765,
  livelogExecutable: "/usr/local/bin/livelog",
  livelogExposePort: 32_768,
  livelogPortBase: 30_583,
  maxMemoryUsagePercent: 80,
  maxTaskRunTime: 7200,
  minAvailableMemoryBytes: 1_000_000,
  numberOfTasksToRun: 1,
  privateIP: "10.0.0.81",
  provisionerId: "releng-hardware",
  publicIP: "192.0.2.81",
  region: "mdc",
  requiredDiskSpaceMegabytes: 20_480,
  rootURL: "https://tc.example.com",
  runAfterUserCreation: "/etc/generic-worker/after-user-creation.sh",
  sentryProject: "mac-pool",
  shutdownMachineOnIdle: true,
  shutdownMachineOnInternalError: true,
  taskclusterProxyExecutable: "/usr/local/bin/taskcluster-proxy",
  taskclusterProxyPort: 8080,
  tasksDir: "/Volumes/tasks",
  workerGroup: "mdc1",
  workerId: "macmini-m4-81",
  workerLocation: '{"dataCenter":"mdc1"}',
  workerType: "gecko-t-osx-1500-m4",
  workerTypeMetadata: { machine: { model: "Macmini16,10" } },
  wstAudience: "tc",
  wstServerURL: "https://ws.example.com",
};

function loaded(content: object) {
  const notices: string[] = [];
  const file = { name: "config", text: JSON.stringify(content, null, 2) };
  const config = loadConfig({ file, notice: (sentence) => notices.push(sentence) });
  return { config, notices };
}

function errors(content: object): readonly string[] {
  try {
    loaded(content);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.errors;
  }
  assert.fail("the file was accepted");
}

suite("a file of generic-worker", () => {
  test("with every key that there is on a Mac sets all that has an effect here", () => {
    const { config } = loaded(everyKey);
    const own = Object.entries(everyKey).filter(
      ([name]) => !Object.hasOwn(withoutEffect, name) && name !== "instanceID",
    );
    for (const [name, value] of own) {
      assert.deepEqual(Object.entries(config).find(([key]) => key === name)?.[1], value, name);
    }
    assert.equal(config.instanceId, "macmini-m4-81");
    assert.deepEqual(missing(config), []);
  });

  test("gets one sentence with the reason for each key that has no effect", () => {
    const { notices } = loaded(everyKey);
    assert.deepEqual(notices.map((notice) => notice.split(" ")[0]).sort(), Object.keys(withoutEffect).sort());
    assert(notices.includes(`tasksDir in config has no effect: ${withoutEffect["tasksDir"]?.why}.`));
    for (const notice of notices) assert.match(notice, /^\w+ in config has no effect: \S.*\.$/);
  });

  test("is not told what happens anyway", () => {
    const { notices } = loaded({ cleanUpTaskDirs: true, cachesDir: "caches", enableMounts: false, wstServerURL: "" });
    assert.deepEqual(notices, []);
  });

  test("may leave its addresses null", () => {
    assert.equal(loaded({ publicIP: null, privateIP: null, tasksDir: null }).config.publicIP, "");
  });

  test("must not hold settings that generic-worker has removed, or has on other systems only", () => {
    const content = Object.fromEntries(Object.keys(refused).map((name) => [name, ""]));
    assert.equal(errors(content).length, Object.keys(refused).length);
    assert.match(
      errors({ DeploymentID: "x" })[0] ?? "",
      /^config has the setting "DeploymentID", which there is not: gene/,
    );
  });

  test("must have values of the right kind also where they have no effect", () => {
    assert.deepEqual(errors({ taskclusterProxyPort: "8080", cleanUpTaskDirs: "no", tasksDir: 7 }), [
      'taskclusterProxyPort in config must be a whole number from 0 to 65535, not "8080".',
      'cleanUpTaskDirs in config must be true or false, not "no".',
      "tasksDir in config must be a text, not 7.",
    ]);
  });
});
