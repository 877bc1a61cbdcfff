import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { prepared, run } from "./prepared.ts";

const home = "/var/lib/taskcluster-worker/agent";
/** A task sees the agent's account while it is in use. */
const look = `grep '^_tcworker:' /etc/passwd /etc/group; stat -c 'home of %u, %a' ${home}`;
const looked = [
  `/etc/passwd:_tcworker:x:4901:4901:Taskcluster agent:${home}:/usr/bin/false`,
  "/etc/group:_tcworker:x:4901:",
  "home of 4901, 700",
];

/** A starter with this mode of the dscl stand-in, killed so as soon as half of the record is made; then another one. */
async function killedAndStartedAgain(mode: string, kill: string): Promise<string> {
  const { status, said } = await prepared(
    `mkdir -p /etc/taskcluster-worker /home/dir; cp test/dscl/dscl /home/dir; chmod 755 /home/dir /home/dir/dscl
    echo '{ "dscl": "/home/dir/dscl" }' >/etc/taskcluster-worker/helper.json
    echo "other:x:4900:4900:Somebody else:/home/other:/bin/sh" >>/etc/passwd; echo "other:x:4900:" >>/etc/group
    mkdir /tmp/before; cp /etc/passwd /etc/group /tmp/before
    : >/home/dir/argv.log; echo ${mode} >/home/dir/modes
    setsid ${run} & starter=$!
    until grep -q UserShell /home/dir/argv.log; do sleep 0.02; done
    ${kill}; wait $starter || echo "ended with $?"; : >/home/dir/modes
    grep -c '^_tcworker:' /etc/group /etc/passwd || true
    ${run}
    diff /tmp/before/passwd /etc/passwd; diff /tmp/before/group /etc/group; [[ ! -e ${home} && ! -e /home/dir/danger.log ]]`,
    look,
  );
  assert.equal(status, 0, said);
  return said;
}

describe("a starter that is killed while it makes the agent's account", { skip: needsRoot, concurrency: 2 }, () => {
  for (const [what, mode, kill] of [
    ["with all that it had started", "hang=create:UserShell", "kill -KILL -- -$starter"],
    ["alone, so that the making goes on without it", "slow=300", "kill -KILL $starter"],
  ] as const) {
    test(`${what}: the next one has one whole account, and ends with none and nothing else changed`, async () => {
      const said = await killedAndStartedAgain(mode, kill);
      assert.match(said, /ended with 137\n\/etc\/group:1\n\/etc\/passwd:0\n/);
      const lines = said.split("\n");
      for (const line of looked) assert.equal(lines.filter((each) => each.endsWith(line)).length, 1, said);
    });
  }
});
