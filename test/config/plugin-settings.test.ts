import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, loadConfig } from "../../agent/config/load.ts";

function load(plugins: unknown, others: object = {}): { plugins: unknown; notices: string[] } {
  const notices: string[] = [];
  const file = { name: "worker.yml", text: JSON.stringify({ ...others, plugins }) };
  const config = loadConfig({ file, notice: (sentence) => void notices.push(sentence) });
  return { plugins: config.plugins, notices };
}

function refused(plugins: unknown, others: object = {}): readonly string[] {
  try {
    load(plugins, others);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.errors;
  }
  return assert.fail("the settings were taken");
}

test("settings of plugins are taken as they are", () => {
  const plugins = {
    disabled: ["artifacts", "livelog"],
    env: { extra: { LANG: "C" } },
    ...{ livelog: {}, success: {}, tasklog: {}, stoponerror: {} },
    logprefix: { rack: "b7" },
    maxruntime: { maxRunTime: "3 hours", perTaskLimit: "require" },
    reboot: { maxLifeCycle: "1 day", taskLimit: 10 },
    watchdog: { timeout: 600 },
  };
  assert.deepEqual(load(plugins), { plugins, notices: [] });
});

test("each mistake has a sentence with its place", () => {
  assert.deepEqual(refused({ enw: {} }), ['worker.yml: plugins has the unknown property "enw"; did you mean "env"?']);
  assert.deepEqual(refused({ env: { extra: { "bad d": "x" } } }).length, 1);
  assert.deepEqual([...refused({ maxruntime: { maxRunTime: "soon" } })].sort(), [
    'worker.yml: plugins.maxruntime needs the property "perTaskLimit".',
    'worker.yml: plugins.maxruntime.maxRunTime must be seconds, or a text like "1 hour 30 minutes", not "soon".',
  ]);
  assert.match(
    refused({ disabled: ["success"] })[0] ?? "",
    /plugins\.disabled\[0\] must be one of .*, not "success"\.$/,
  );
  assert.deepEqual(refused([]), ["worker.yml: plugins must be an object, not a list."]);
});

test("shells for every task where shells are switched off are a mistake of the configuration, not of every task", () => {
  const off = { enableInteractive: false };
  const interactive = { alwaysEnabled: true };
  assert.deepEqual(refused({ interactive }, off), [
    "plugins.interactive.alwaysEnabled gives every task a shell, and enableInteractive: false allows none; leave one of them out.",
  ]);
  load({ interactive: { ...interactive, disableShell: true } }, off);
  load({ interactive, disabled: ["interactive"] }, off);
  load({ interactive });
});

test("what has no effect here is told with its reason, once", () => {
  const reboot = { rebootCommand: ["reboot"], allowTaskReboots: true };
  const { notices } = load({
    cache: {},
    tcproxy: {},
    relengapi: {},
    interactive: { shellToolUrl: "https://example.com", artifactPrefix: "private/shell/" },
    reboot,
    artifacts: { privateKey: "x" },
  });
  assert.deepEqual(notices.map((notice) => /^plugins\.(\S+) has no effect: /.exec(notice)?.[1]).sort(), [
    ...[
      "artifacts.privateKey",
      "cache",
      "interactive.shellToolUrl",
      "reboot.allowTaskReboots",
      "reboot.rebootCommand",
      "relengapi",
    ],
    "tcproxy",
  ]);
});
