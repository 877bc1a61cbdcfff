import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { CommandError } from "../../agent/cli/exit-status.ts";
import { takeLaunch } from "../../agent/cli/launch.ts";

const full = {
  TCW_INSTANCE: "slice-1",
  TCW_SOCKET: "/run/x/helper.sock",
  TCW_STATE: "/var/x",
  TCW_FILES: '{"a b.yml":4}',
  TCW_ARTIFACTS: "/tmp/out",
  TCW_FLAG: "/var/flag abc",
  TCW_LIFELINE: "5",
};

suite("what the starter hands over", () => {
  test("is read and taken out of the environment", () => {
    const env: NodeJS.ProcessEnv = { ...full, HOME: "/" };
    assert.deepEqual(takeLaunch(env), {
      helper: { instance: "slice-1", socket: "/run/x/helper.sock" },
      state: "/var/x",
      files: new Map([["a b.yml", 4]]),
      artifacts: "/tmp/out",
      flag: { path: "/var/flag", sha256: "abc" },
      lifeline: 5,
    });
    assert.deepEqual(env, { HOME: "/" });
  });

  test("is nothing without a starter", () => {
    assert.deepEqual(takeLaunch({}), {
      helper: null,
      state: null,
      files: new Map(),
      artifacts: null,
      flag: null,
      lifeline: null,
    });
  });

  test("is nothing where the starter leaves a variable empty", () => {
    const env = Object.fromEntries(Object.keys(full).map((name) => [name, ""]));
    assert.deepEqual(takeLaunch(env), takeLaunch({}));
  });

  test("is refused when a descriptor is none", () => {
    const isOurs = (error: unknown) => error instanceof CommandError && error.status === 70;
    assert.throws(() => takeLaunch({ TCW_FILES: '{"a":"4"}' }), isOurs);
    assert.throws(() => takeLaunch({ TCW_LIFELINE: "1" }), isOurs);
    assert.throws(() => takeLaunch({ TCW_LIFELINE: "x" }), isOurs);
  });
});
