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
];
