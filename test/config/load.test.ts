import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError, loadConfig, missing } from "../../agent/config/load.ts";
import { defaultConfig } from "../../agent/config.ts";

function errors(sources: Parameters<typeof loadConfig>[0]): readonly string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.errors;
  }
  assert.fail("the configuration was accepted");
}

const file = (text: string) => ({ text, name: "worker.yml" });

describe("loadConfig", () => {
  it("gives the defaults when nothing is set", () => {
    assert.deepEqual(loadConfig({}), defaultConfig);
  });
  it("lets a flag win over the environment, that over the file, and that over the default", () => {
    const env = { TASKCLUSTER_WORKER_GROUP: "from-env", TASKCLUSTER_WORKER_ID: "from-env" };
    const sources = {
      flags: { workerGroup: "from-flag" },
      env,
      file: file("workerId: x\nworkerGroup: y\ncapacity: 3"),
    };
    const { workerGroup, workerId, capacity, dialect } = loadConfig(sources);
    assert.deepEqual([workerGroup, workerId, capacity, dialect], ["from-flag", "from-env", 3, "generic-worker"]);
  });
  it("reads JSON as well as YAML", () => {
    assert.equal(loadConfig({ file: file('{"capacity": 2}') }).capacity, 2);
  });
  it("takes an empty file as no settings", () => {
    assert.deepEqual(loadConfig({ file: file("# nothing\n") }), defaultConfig);
  });
  it("matches names of settings in any case", () => {
    assert.equal(loadConfig({ file: file("RootUrl: https://tc.example.com/") }).rootURL, "https://tc.example.com");
  });
  it("splits the worker pool of the environment", () => {
    const { provisionerId, workerType } = loadConfig({ env: { TASKCLUSTER_WORKER_POOL_ID: "proj/mac" } });
    assert.deepEqual([provisionerId, workerType], ["proj", "mac"]);
  });
  it("refuses a worker pool without a slash", () => {
    assert.match(errors({ env: { TASKCLUSTER_WORKER_POOL_ID: "mac" } })[0] ?? "", /<provisionerId>\/<workerType>/);
  });
  it("names the nearest setting for an unknown one", () => {
    assert.deepEqual(errors({ file: file("capcity: 2") }), [
      'worker.yml has the unknown setting "capcity"; did you mean "capacity"?',
    ]);
  });
  it("says one sentence for each wrong setting", () => {
    assert.deepEqual(errors({ file: file("capacity: many\nenableLiveLog: 'true'\npublicIP: here") }), [
      'capacity in worker.yml must be a whole number from 1 to 255, not "many".',
      'publicIP in worker.yml must be an IP address, not "here".',
      'enableLiveLog in worker.yml must be true or false, not "true".',
    ]);
  });
  it("reads numbers and truth values of flags from their texts", () => {
    const { capacity, enableLiveLog } = loadConfig({ flags: { capacity: "4", enableLiveLog: "false" } });
    assert.deepEqual([capacity, enableLiveLog], [4, false]);
  });
  it("never repeats a secret in a message", () => {
    const message = errors({ env: { TASKCLUSTER_ACCESS_TOKEN: "hunter2!" } }).join();
    assert.match(message, /^accessToken in the environment/);
    assert(!message.includes("hunter2"));
  });
  it("refuses a setting that is there twice in different cases", () => {
    assert.deepEqual(errors({ file: file("workerId: a\nworkerID: b") }), ["worker.yml sets workerId more than once."]);
  });
  it("says where a file is no YAML", () => {
    assert.match(errors({ file: file("a: b\n  c: [") })[0] ?? "", /^worker\.yml is no YAML or JSON: look at line \d+/);
    assert.deepEqual(errors({ file: file("accessToken: hunter2!\ncapacity: 1\ncapacity: 2") }), [
      "worker.yml is no YAML or JSON: look at line 3, column 1 (duplicate key).",
    ]);
  });
  it("repeats nothing of a file that is no YAML", () => {
    assert.doesNotMatch(errors({ file: file("plugins:\n  a:\n    password: |hunter2!\n") }).join(), /hunter/);
  });
  it("says of a number where a text belongs that it wants quotes", () => {
    assert.deepEqual(errors({ file: file("workerId: 7") }), [
      "workerId in worker.yml must be 1 to 38 letters, digits, - or _, not 7: put it in quotes.",
    ]);
  });
  it("tells of what the environment says otherwise than the file, without the values", () => {
    const told: string[] = [];
    const env = {
      TASKCLUSTER_WORKER_ID: "vm",
      TASKCLUSTER_WORKER_GROUP: "office",
      TASKCLUSTER_ACCESS_TOKEN: "b".repeat(22),
    };
    const text = `workerId: mac-1\nworkerGroup: office\naccessToken: ${"a".repeat(22)}`;
    assert.equal(loadConfig({ env, file: file(text), notice: (sentence) => void told.push(sentence) }).workerId, "vm");
    assert.deepEqual(told, [
      "accessToken comes from the environment (TASKCLUSTER_ACCESS_TOKEN), not from worker.yml.",
      "workerId comes from the environment (TASKCLUSTER_WORKER_ID), not from worker.yml.",
    ]);
  });
  it("refuses a file that holds a list", () => {
    assert.match(errors({ file: file("- a") })[0] ?? "", /^worker\.yml must hold settings/);
  });
  it("takes null as not set", () => {
    assert.equal(loadConfig({ file: file("publicIP: null") }).publicIP, "");
  });
});

describe("missing", () => {
  it("lists what a worker cannot do without", () => {
    assert.deepEqual(missing(loadConfig({ file: file("workerId: a\nrootURL: http://localhost:1") })), [
      "clientId",
      "accessToken",
      "provisionerId",
      "workerType",
      "workerGroup",
    ]);
  });
  it("does not count a certificate", () => {
    assert(!missing(defaultConfig).includes("certificate"));
  });
});
