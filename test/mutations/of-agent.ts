/** What the agent looks at by itself: the isolation, the way to the socket, the chain of the audit log; when it claims, and how it ends. */
import type { Mutation } from "./mutation.ts";

const canary = "agent/engine/canary.sh";
const canaryTest = "test/engine/canary.test.ts";
const way = "agent/engine/socket-chain.ts";
const wayTest = "test/engine/socket-chain.test.ts";
const chain = "agent/audit/chain.ts";
const chainTest = "test/audit/chain.test.ts";
const workerTest = "test/worker/worker.test.ts";

export const ofAgent: readonly Mutation[] = [
  {
    without: "the canary's verdict",
    file: "agent/engine/canary.ts",
    from: "if (found.length > 0) {",
    to: "if (found.length > 1e6) {",
    caughtBy: [canaryTest, "keeps an engine from being ready where tasks are not isolated"],
  },
  {
    without: "the canary's exit status",
    file: "agent/engine/canary.ts",
    from: "if (code !== 0) await",
    to: "if (code === -1) await",
    caughtBy: [canaryTest, "is asked again before the first command of each task"],
  },
  {
    without: "the canary's look at its ids",
    file: canary,
    from: '[[ $UID == "$uid" && $EUID == "$uid" && ${GROUPS[*]} == "$uid" ]] ||',
    to: "true ||",
    caughtBy: [canaryTest, "finds ids that are not the task user's"],
  },
  {
    without: "the canary's look at descriptors",
    file: canary,
    from: '[[ -e $fd ]] && found "has the open',
    to: 'false && found "has the open',
    caughtBy: [canaryTest, "finds descriptors that a task user was started with"],
  },
  {
    without: "the canary's signal to the agent",
    file: canary,
    from: 'kill -0 "$agent" 2>/dev/null &&',
    to: "false &&",
    caughtBy: [canaryTest, "finds an agent that a task user can signal"],
  },
  {
    without: "the canary's look at the socket",
    file: canary,
    from: "[[ -w $socket ]] &&",
    to: "false &&",
    caughtBy: [canaryTest, "finds a helper's socket that every account can connect to"],
  },
  {
    without: "the canary's look at what it can read",
    file: canary,
    from: '{ : <"$path"; } 2>/dev/null &&',
    to: "false &&",
    caughtBy: [canaryTest, "finds a configuration that others can read"],
  },
  {
    without: "the canary's look at what it can write to",
    file: canary,
    from: "[[ -w $path ]] &&",
    to: "false &&",
    caughtBy: [canaryTest, "finds a file of the agent that others can write to"],
  },
  {
    without: "the canary's look at the directories of other task users",
    file: canary,
    from: 'cd "$path" 2>/dev/null &&',
    to: "false &&",
    caughtBy: [canaryTest, "finds the directory of another task user"],
  },
  {
    without: "the owner of the way to the socket",
    file: way,
    from: "if (seen.uid !== 0) throw",
    to: "if (seen.uid === -1) throw",
    caughtBy: [wayTest, "a directory of somebody else in the middle of the path is refused"],
  },
  {
    without: "the mode of the way to the socket",
    file: way,
    from: "(Number(seen.mode) & WRITABLE_BY_OTHERS) !== 0",
    to: "Number(seen.mode) === WRITABLE_BY_OTHERS",
    caughtBy: [wayTest, "a directory that its group can write to is refused"],
  },
  {
    without: "the links on the way to the socket",
    file: way,
    from: "if (!seen.isDirectory()) throw",
    to: "if (seen.isSocket()) throw",
    caughtBy: [wayTest, "a link in the path is refused"],
  },
  {
    without: "the owner of the socket",
    file: way,
    from: "if (socket.uid !== 0) throw",
    to: "if (socket.uid === -1) throw",
    caughtBy: [wayTest, "a socket of somebody else is refused"],
  },
  {
    without: "the comparison of hashes along the audit log",
    file: chain,
    from: "if (after.includes(prev)) return;",
    to: "return;",
    caughtBy: [chainTest, "shows a changed line"],
  },
  {
    without: "the lines of the audit log that are no entries",
    file: chain,
    from: "if (this.#damaged && lost === 0) throw",
    to: "if (this.#damaged && lost < 0) throw",
    caughtBy: [chainTest, "shows a line that is no entry"],
  },
  {
    without: "the torn end of the audit log",
    file: chain,
    from: "if (this.#damaged) throw new BrokenChain(`${at(this.#damaged)}: the log is cut off",
    to: 'if (!this) throw new BrokenChain(`${at({ file: "", line: 0 })}: the log is cut off',
    caughtBy: [chainTest, "shows a line that was cut through"],
  },
  {
    without: "the head that was noted elsewhere",
    file: chain,
    from: "if (this.#head === this.#wanted) this",
    to: "this",
    caughtBy: [chainTest, "shows a rewritten chain by a head that was noted"],
  },
  {
    without: "the bound of reports in a hurry",
    file: "agent/queue/run-queue.ts",
    from: "{ signal: hurry, failed: unheard }",
    to: "{ failed: unheard }",
    caughtBy: ["test/network/faults.test.ts", "does not keep a worker that is to end at once"],
  },
  {
    without: "the look whether a task user can be made",
    file: "agent/readiness.ts",
    from: "if (noUser) return",
    to: "if (!this) return",
    caughtBy: [workerTest, "claims no tasks while the helper makes no task users"],
  },
  {
    without: "the rest between two tries to make a task user",
    file: "agent/engine/warm-user.ts",
    from: "if (this.#rest.leftMs === 0) this.refill();",
    to: "this.refill();",
    caughtBy: ["test/engine/warm-user.test.ts", "is tried again by whoever asks why there is none"],
  },
  {
    without: "the giving back behind the poll under way",
    file: "agent/task-run.ts",
    from: "await this.#owner.polled().catch(() => {});",
    to: "await null;",
    caughtBy: ["test/worker/stopping.test.ts", "gives its tasks back when the poll is over"],
  },
  {
    without: "the second look at the screen behind a task that had trouble",
    file: "agent/readiness.ts",
    from: "troubled(): void {\n    this.#seenScreen = false;",
    to: "troubled(): void {",
    caughtBy: [workerTest, "looks at the screen again behind a task that did not complete"],
  },
  {
    without: "the look at the screen behind a command that a signal ended",
    file: "agent/engine/sandbox.ts",
    from: "if (!graphical) return;",
    to: "return;",
    caughtBy: ["test/engine/lost-screen.test.ts", "was ended with the session when its user cannot look"],
  },
];
