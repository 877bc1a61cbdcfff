/** Whether everything of a task user can be ended, asked of the helper's own kill and deletion. */
import type { Answers } from "../../../shared/protocol/messages.ts";
import { processesOf } from "../../helper/machine.ts";
import { endOf, type Ground } from "../ground.ts";
import { type Answer, type Probe, probesOf } from "../probe.ts";
import { bash, type TaskUsers, withTaskUser } from "../task-users.ts";

/** `gone`, or `resting` where TCC keeps the record, with nothing left; else what is left. */
export function proven({ state, left }: Answers["deleteUser"]): string {
  const clean = left.processes === 0 && left.shared === 0 && !left.home;
  return clean && state !== "quarantined" ? "proven gone" : `${state}, left ${JSON.stringify(left)}`;
}

/** Starts the lines, which print a line when they are ready and do not end; then the user is deleted, with a look of our own. */
function survives(script: string, processes = 2000): Probe["ask"] {
  const ask = async ({ client, user }: TaskUsers): Promise<Answer> => {
    await client.start(user.user, bash(script));
    const before = processesOf(user.uid).length;
    const begun = performance.now();
    const gone = await client.request("deleteUser", { user: user.user });
    const ms = Math.round(performance.now() - begun);
    const after = processesOf(user.uid).length;
    const more = [`${before} processes before, ${gone.found.processes} met, deleted in ${ms} ms`];
    return { seen: after === 0 ? proven(gone) : `${after} processes alive`, more };
  };
  return (ground) => withTaskUser(ground, ask, { limits: { processes, files: 4096 } });
}

async function bootout(ground: Ground): Promise<Answer> {
  const uid = await ground.freeId();
  const ran = await ground.launchctl("bootout", `user/${uid}`);
  return { seen: endOf(ran), more: [ran.stderr.trim()] };
}

const stubborn = `trap '' HUP INT QUIT TERM; perl -MPOSIX -e 'POSIX::setsid(); fork and exit; sleep 600' &
perl -e '$SIG{$_} = "IGNORE" for qw(HUP INT QUIT TERM); sleep 600' & child=$!
perl -e 'sleep 600' & kill -STOP $!
sleep 1; echo ready; sleep 600`;

/** As a job of the user's own domain that launchd keeps alive. */
const kept = `cd && cat >job.plist <<X
<plist version="1.0"><dict><key>Label</key><string>org.taskcluster.worker.kept</string>
<key>ProgramArguments</key><array><string>/bin/sleep</string><string>600</string></array>
<key>KeepAlive</key><true/></dict></plist>
X
/bin/launchctl bootstrap user/$UID job.plist 2>&1 | tr '\\n' ' '; echo; sleep 600`;

export const killingProbes = probesOf({ leansOn: ["helper/reap.ts", "helper/life.ts"] }, [
  {
    number: 23,
    claim: "ps lists every process with its effective, real and saved uid and its state, as numbers and letters alone.",
    mark: "D",
    asked: "ps -axo pid=,uid=,ruid=,svuid=,stat= as root; each line five words, our own with 0,0,0",
    expected: ["five columns, this process as root"],
    async ask(ground) {
      const { stdout } = await ground.run("/bin/ps", ["-axo", "pid=,uid=,ruid=,svuid=,stat="]);
      const rows = stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.trim().split(/\s+/));
      const odd = rows.filter((row) => row.length !== 5 || row.slice(0, 4).some((word) => !/^-?\d+$/.test(word)));
      const own = rows.some((row) => row.slice(0, 4).join() === `${process.pid},0,0,0`);
      const seen = odd.length === 0 && own ? "five columns, this process as root" : `${odd.length} odd lines`;
      return { seen, more: [`${rows.length} processes`, ...odd.slice(0, 3).map((row) => row.join(" "))] };
    },
  },
  {
    number: 24,
    claim: "A daemon that forked twice, one that ignores signals and one that is stopped all end with their user.",
    mark: "M",
    asked: "the three started as a task user, then deleteUser, then ps",
    expected: ["proven gone"],
    seconds: 120,
    ask: survives(stubborn),
  },
  {
    number: 25,
    claim: "Processes that stop everything of their user again and again do not stop the kill.",
    mark: "M",
    asked: "four loops of kill -STOP -1 as a task user, then deleteUser, then ps",
    expected: ["proven gone"],
    seconds: 180,
    ask: survives(
      "echo ready; for i in 1 2 3 4; do (while :; do kill -STOP -1; kill -CONT -1; done) & done 2>/dev/null; wait",
    ),
  },
  {
    number: 26,
    claim: "A fork bomb within ulimit -u is ended.",
    mark: "M",
    asked: "b() { b | b & }; b as a task user with 150 processes, then deleteUser, then ps",
    expected: ["proven gone"],
    seconds: 180,
    ask: survives("echo ready; b() { b | b & }; while :; do b; done 2>/dev/null", 150),
  },
  {
    number: 27,
    claim: "kill -KILL -1 of a task user reaches the one who calls it, and nobody else's process.",
    mark: "V",
    asked: "kill -KILL -1 as a task user",
    expected: ["SIGKILL"],
    async ask(ground) {
      return withTaskUser(ground, async ({ client, user }) => {
        const { exited } = await client.run(user.user, bash("kill -KILL -1; echo alive"));
        return { seen: exited.signal ?? `exit ${exited.code}` };
      });
    },
  },
  {
    number: 28,
    claim: "launchctl bootout user/UID of a user that never logged in ends in one of the known ways, whichever.",
    mark: "D",
    asked: "launchctl bootout user/UID with a uid that nobody has",
    expected: ["exit 0", "exit 3", "exit 36", "exit 113", "exit 125"],
    ask: bootout,
  },
  {
    number: 29,
    claim: "A job that a task has given launchd to keep alive does not come back once its user is ended.",
    mark: "D",
    asked: "launchctl bootstrap user/UID of a KeepAlive job as a task user, then deleteUser, then ps",
    expected: ["proven gone"],
    seconds: 120,
    ask: survives(kept),
  },
]);
