/** What keeps the starter from its work, each on a machine of its own, because it would keep every other one from it too. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { prepared, run } from "./prepared.ts";

const state = "/var/lib/taskcluster-worker";

/** Keeps locks from the moment that it has said so. */
const hold = (...files: string[]): string =>
  `coproc { exec $node $lock ${files.map((file) => `"${file}"`).join(" ")}; }; read -r word <&"\${COPROC[0]}"; [ "$word" = held ]`;

describe("the starter", { skip: needsRoot, concurrency: 2 }, () => {
  test("says that every slice is taken: 75", async () => {
    const slices = Array.from({ length: 20 }, (_, index) => `${state}/slice-${index + 1}/private`);
    const { status, said } = await prepared(`mkdir -p ${state}; chmod 755 ${state}
      for d in ${slices.join(" ")}; do mkdir -p $d; chmod 700 $d; done
      ${hold(...slices.map((slice) => `${slice}/helper.lock`))}; ${run}; exit`);
    assert.equal(status, 75, said);
    assert.match(said, /all 20 slices are held by running workers; wait for one to end\n$/);
  });

  test("repeats the helper's error when that does not start, with the machine's own helper.json: 70", async () => {
    const { status, said } = await prepared(`mkdir -p /etc/taskcluster-worker /home/tasks; chmod 777 /home/tasks
      cp test/dscl/dscl /home/dscl; chmod 755 /home/dscl
      echo '{ "tasksDir": "/home/tasks", "dscl": "/home/dscl" }' >/etc/taskcluster-worker/helper.json; ${run}`);
    assert.equal(status, 70, said);
    assert.match(
      said,
      /helper ended; the last error in \/.*\/slice-1\/helper\.log: \/home\/tasks can be .*: chmod go-w \/home\/tasks\n$/,
    );
  });

  test("says why there is no account for the agent: 70", async () => {
    const { status, said } = await prepared(`mkdir -p ${state}/private; chmod 700 ${state}/private
      echo '{}' >${state}/private/agent-account.json; ${run}`);
    assert.equal(status, 70, said);
    assert.match(said, /the agent's account: [\s\S]*agent-account\.json is not what this program writes: remove it/);
  });

  test("says that there is no uid for the agent's account: 70", async () => {
    const { status, said } = await prepared(`for ((uid = 4900; uid < 5000; uid++)); do
      echo "taken$uid:x:$uid:$uid::/:/bin/false" >>/etc/passwd; done; ${run}`);
    assert.equal(status, 70, said);
    assert.match(said, /the agent's account: [\s\S]*no uid in 4900-4999 is free/);
  });

  test("asked for the status where no worker ran says whose workers root can see: 69", async () => {
    const { status, said } = await prepared("./taskcluster-worker status; exit");
    assert.equal(status, 69, said);
    assert.match(
      said,
      /; only the workers that root starts can be seen; for those of another account add --agent-user/,
    );
  });

  test("asked for the status of another account's workers says no more of those that root starts: 69", async () => {
    const { status, said } = await prepared("./taskcluster-worker status --agent-user nobody; exit");
    assert.equal(status, 69, said);
    assert.match(
      said,
      /; only the workers of nobody can be seen; for those that root starts leave --agent-user out\n$/,
    );
  });

  test("says that another process holds its place among the living starters: 70", async () => {
    const place = `${state}/private/starters`;
    const { status, said } = await prepared(`mkdir -p ${place}; chmod 700 ${state}/private ${place}
      mkfifo /tmp/go; { read -r </tmp/go; exec ${run}; } & starter=$!
      ${hold(`${place}/$starter`)}; echo >/tmp/go; wait $starter`);
    assert.equal(status, 70, said);
    assert.match(said, new RegExp(`another process holds ${place}/\\d+\n`));
  });
});
