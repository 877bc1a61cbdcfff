/** Holes that were found while the others were played, and closed. */
import type { Row } from "./row.ts";

export const rowsFound: readonly Row[] = [
  {
    row: 81,
    severity: "high",
    attacker: "task",
    attack:
      "A set-uid program is hidden in the closed directory of an accomplice, where the sweep of its owner cannot look, and is run when the next task has that uid.",
    echo: "",
    defence:
      "A uid is not used again while anybody lives who lived beside its last user (helper/journal.ts); what cannot be removed from the shared places is closed for good (helper/sweep.sh).",
    played: {
      tests: [
        {
          file: "test/attack/hidden-files.test.ts",
          name: "hide a set-uid program of the one at the other's: while that one lives, nobody gets its uid",
        },
        {
          file: "test/attack/hidden-files.test.ts",
          name: "hide it, and open the door again before the other's end: that end closes it for good",
        },
      ],
    },
  },
  {
    row: 82,
    severity: "medium",
    attacker: "task",
    attack:
      "A task forges the report of its own end, so that the agent meets a message that no schema allows and gives up every task.",
    echo: "",
    defence: "What is made of a report is bounded (helper/spawn.ts).",
    played: {
      tests: [
        {
          file: "test/attack/forged-report.test.ts",
          name: "reports an exit code that is none: the message to the agent is still one that its schema allows",
        },
        {
          file: "test/attack/forged-report.test.ts",
          name: "reports times that no number can hold: the message to the agent is still one that its schema allows",
        },
      ],
    },
  },
  {
    row: 83,
    severity: "critical",
    attacker: "agent",
    attack:
      "The folder for artifacts, in a directory of the agent's own, is swapped for a hard link to a file of root's while the starter gives it away.",
    echo: "systemd-tmpfiles CVE-2017-18078",
    defence:
      "The starter opens the folder as a directory, without following a link, and gives the descriptor away (helper/command-line.ts).",
    played: {
      tests: [
        {
          file: "test/attack/artifacts-directory.test.ts",
          name: "an agent swaps the folder for artifacts, in a directory of its own, for a hard link to a file of root's: the file stays root's",
        },
      ],
    },
  },
  {
    row: 84,
    severity: "high",
    attacker: "task",
    attack: "A task, or anybody who reaches the port, looks for another task's interactive shell.",
    echo: "generic-worker compared secrets in a variable of all its tasks (bug 2062167)",
    defence:
      "Each task has 192 random bits, compared as digests, before a WebSocket is agreed to (agent/http/secrets.ts, agent/http/shell-server.ts).",
    played: {
      tests: [
        {
          file: "test/http/shell-server.test.ts",
          name: "the shells of a task are at an unguessable address on loopback",
        },
        {
          file: "test/http/shell-server.test.ts",
          name: "whoever does not know the secret is refused, and nothing is opened",
        },
      ],
    },
  },
  {
    row: 85,
    severity: "medium",
    attacker: "task",
    attack:
      "Output without end for a client that does not read, input without end for a program that does not, pings without end: the agent's memory.",
    echo: "",
    defence:
      "One piece is on its way in each direction, and who has no room is not read (agent/interactive/session.ts); ten shells a task.",
    played: {
      tests: [
        {
          file: "test/stories/interactive.test.ts",
          name: "is bounded when its client or its program does not stop, and others go on",
        },
        {
          file: "test/interactive/session.test.ts",
          name: "pings are answered, but answers do not pile up for a client that does not read",
        },
        { file: "test/http/shell-server.test.ts", name: "a message that is too large ends its connection alone" },
      ],
    },
  },
  {
    row: 86,
    severity: "medium",
    attacker: "task",
    attack: "A shell goes on when its client, its task or its task's time has ended.",
    echo: "",
    defence:
      "It is the task user's, so it dies with it; before that its own end is waited for (agent/plugins/interactive.ts).",
    played: {
      tests: [
        {
          file: "test/stories/interactive.test.ts",
          name: "is the task user's, in its home, with its variables and a terminal of its own",
        },
        {
          file: "test/stories/interactive.test.ts",
          name: "holds a task no longer than its maxRunTime, nor when it is canceled",
        },
        {
          file: "test/interactive/session.test.ts",
          name: "a client without a sign of life is left, and its shell ended",
        },
      ],
    },
  },
];
