import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { places } from "../../agent/cli/places.ts";
import { logRoot, placesOf } from "../../helper/places.ts";

suite("places", () => {
  test("are where macOS keeps such things", () => {
    assert.deepEqual(places("darwin", "default", "/Users/worker"), {
      socket: "/private/var/db/taskcluster-worker/default/run/helper.sock",
      helperStatus: "/private/var/db/taskcluster-worker/default/status.json",
      helperLogs: "/Library/Logs/taskcluster-worker",
      workerConfig: "/Library/Application Support/taskcluster-worker/worker.yml",
      agentState: "/Users/worker/Library/Application Support/taskcluster-worker/default",
    });
  });

  test("are where Linux keeps such things", () => {
    assert.deepEqual(places("linux", "slice-1", "/home/worker"), {
      socket: "/run/taskcluster-worker/slice-1/helper.sock",
      helperStatus: "/var/lib/taskcluster-worker/slice-1/status.json",
      helperLogs: "/var/log/taskcluster-worker",
      workerConfig: "/etc/taskcluster-worker/worker.yml",
      agentState: "/home/worker/.local/state/taskcluster-worker/slice-1",
    });
  });

  test("are the helper's own on this system", () => {
    const { socket, helperStatus, helperLogs } = places(process.platform, "default", "/");
    const own = placesOf("default");
    assert.deepEqual([socket, helperStatus, helperLogs], [own.socket, own.status, logRoot]);
  });

  test("leave the socket's path short enough for macOS", () => {
    assert.ok(Buffer.byteLength(places("darwin", "a".repeat(24), "/").socket) < 104);
  });
});
