/** Attacks that the catalogue did not have. */
import type { Row } from "./row.ts";

export const rowsMore: readonly Row[] = [
  {
    row: 61,
    severity: "high",
    attacker: "task",
    attack: "A command is named like a builtin of the shell that reports its end, so that it runs in that shell.",
    echo: "",
    defence: "A program is run by its path (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/report-channel.test.ts",
          name: "runs its own program named eval, not the builtin of the shell that holds the channel",
        },
      ],
    },
  },
  {
    row: 62,
    severity: "high",
    attacker: "task",
    attack:
      "A task takes the channel on which its end is reported, and writes what no message may hold, to end the connection of all tasks.",
    echo: "",
    defence: "Only codes and times that exist are read, of a bounded report (helper/spawn.ts).",
    played: {
      tests: [
        {
          file: "test/attack/report-channel.test.ts",
          name: "that writes a code that no process has into it gets no message past the schema, and the agent goes on",
        },
        {
          file: "test/attack/report-channel.test.ts",
          name: "that writes times beyond all numbers into it gets no message past the schema, and the agent goes on",
        },
      ],
    },
  },
  {
    row: 63,
    severity: "medium",
    attacker: "task",
    attack: "A task, its children or a process beside it report an end that is not theirs.",
    echo: "",
    defence:
      "The channel is closed for the command, and a socket cannot be opened by name; a debugger of the same uid can lie about its own code, and about nothing else (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/report-channel.test.ts",
          name: "finds the channel neither in its command nor in a child of it",
        },
        {
          file: "test/attack/report-channel.test.ts",
          name: "cannot open it through /proc or /dev/fd of the shell that holds it",
        },
        {
          file: "test/attack/report-channel.test.ts",
          name: "and says that it succeeded has lied about nothing but its own code",
        },
        { file: "test/attack/report-channel.test.ts", name: "of another task user gets at neither shell nor channel" },
      ],
    },
  },
  {
    row: 64,
    severity: "high",
    attacker: "task",
    attack:
      "Cron starts a process of the user while it is swept, which stops the sweep, or writes behind its count and is gone before the kill.",
    echo: "",
    defence: "Kill and sweep are repeated until a sweep finds nothing (helper/life.ts).",
    played: {
      tests: [
        {
          file: "test/attack/sweep.test.ts",
          name: "leaves nothing that the count did not see, though it writes behind it and is gone before the kill",
        },
        {
          file: "test/attack/sweep.test.ts",
          name: "makes it a quarantine at most when it kills whatever sweeps, and is killed itself",
        },
      ],
    },
  },
  {
    row: 65,
    severity: "medium",
    attacker: "agent",
    attack: "Whoever hangs up and connects again gets maxUsers once more while the old users are still being ended.",
    echo: "",
    defence: "Live users are counted in the journal, whose connection they may be (helper/accounts.ts).",
    played: {
      tests: [
        {
          file: "test/attack/stolen-connection.test.ts",
          name: "gets no user of its own beyond maxUsers while those of the agent are still being ended",
        },
      ],
    },
  },
  {
    row: 66,
    severity: "high",
    attacker: "local user",
    attack: "A sibling in the agent's group takes the control connection as soon as the agent has gone.",
    echo: "",
    defence:
      "Ids, tickets and data connections belong to one connection and are ended with it, whoever comes next (helper/session.ts, helper/listen.ts).",
    played: {
      tests: [
        {
          file: "test/attack/stolen-connection.test.ts",
          name: "can neither use nor end the users, processes, tickets and data connections of the agent before it",
        },
        { file: "test/attack/stolen-connection.test.ts", name: "hears nothing of how the agent's processes end" },
        {
          file: "test/attack/stolen-connection.test.ts",
          name: "wins the seat or not, but there is never more than one, and what the agent had is ended all the same",
        },
        {
          file: "test/helper/listen.test.ts",
          name: "is busy for a second control connection, and goes on with the first",
        },
      ],
    },
  },
  {
    row: 67,
    severity: "high",
    attacker: "agent",
    attack:
      "The check of bash is forged or led astray by BASH_ENV, ENV, PS4, PATH, IFS, GROUPS, BASH_XTRACEFD, LD_PRELOAD or NODE_OPTIONS.",
    echo: "CVE-2014-6271",
    defence:
      "Bash starts with no variable at all; those of the request are read after the check, as quoted lines (helper/spawn.ts, helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/bash-lines.test.ts",
          name: "start with no variable of the request, and what they start to check and to report sees none",
        },
        {
          file: "test/attack/bash-lines.test.ts",
          name: "run nothing, change no id and report truly, given BASH_ENV and ENV that name a script",
        },
        {
          file: "test/attack/bash-lines.test.ts",
          name: "run nothing, change no id and report truly, given an IFS of digits and slashes",
        },
      ],
    },
  },
  {
    row: 68,
    severity: "high",
    attacker: "agent",
    attack: "UID, EUID, SHELLOPTS, BASHOPTS or an exported function is put into the environment.",
    echo: "CVE-2014-6271",
    defence:
      "The schema refuses names that bash keeps for itself, and all that are no plain names (shared/protocol/schemas.ts).",
    played: {
      tests: [
        {
          file: "test/attack/bash-lines.test.ts",
          name: "are not even started for a forged UID, an exported function, or a name that no shell takes",
        },
        { file: "test/helper/table.test.ts", name: "to spawn with a forged UID ends the connection" },
      ],
    },
  },
  {
    row: 69,
    severity: "high",
    attacker: "agent",
    attack: "A ticket is guessed, replayed, shown twice, or named for two streams or two spawns.",
    echo: "",
    defence:
      "Tickets have 128 random bits, are taken once by one connection, used up by one spawn (helper/tickets.ts).",
    played: {
      tests: [
        {
          file: "test/attack/tickets.test.ts",
          name: "that is guessed is not taken, and the ones that wait are not harmed",
        },
        { file: "test/attack/tickets.test.ts", name: "shown by two connections at once lets one in" },
        { file: "test/attack/tickets.test.ts", name: "serves the first of two spawns that name it" },
        {
          file: "test/attack/tickets.test.ts",
          name: "of one stream cannot carry both, and what was asked with it does not run",
        },
        { file: "test/helper/session.test.ts", name: "of an earlier control connection is not taken" },
        { file: "test/helper/session.test.ts", name: "expires, and its connection with it" },
      ],
    },
  },
  {
    row: 70,
    severity: "medium",
    attacker: "agent",
    attack: "An agent asks without end and never reads an answer.",
    echo: "",
    defence: "A connection with more than a frame unread is ended (helper/session.ts).",
    played: {
      tests: [
        {
          file: "test/attack/never-reads.test.ts",
          name: "that asks without end and reads no answer loses its connection and its users, and the helper keeps its size",
        },
      ],
    },
  },
  {
    row: 71,
    severity: "low",
    attacker: "agent",
    attack: "An agent starts and ends processes in floods.",
    echo: "",
    defence: "At most 256 processes of one connection (helper/table.ts).",
    played: {
      tests: [
        {
          file: "test/attack/never-reads.test.ts",
          name: "that starts more processes than it may is refused, and hears of the end of each once",
        },
      ],
    },
  },
  {
    row: 72,
    severity: "medium",
    attacker: "local user",
    attack: "Data connections show their tickets a byte at a time.",
    echo: "slowloris CVE-2018-12121",
    defence: "A first frame has five seconds, however it comes (helper/listen.ts).",
    played: {
      tests: [
        {
          file: "test/attack/never-reads.test.ts",
          name: "is not kept from its own by eight connections that show their tickets a byte at a time",
        },
      ],
    },
  },
  {
    row: 73,
    severity: "low",
    attacker: "agent",
    attack: "Ten thousand users are made and deleted in a loop.",
    echo: "",
    defence:
      "The journal is cut down to what is still true, and uids go round (helper/journal.ts, helper/accounts.ts).",
    played: {
      tests: [
        {
          file: "test/attack/never-reads.test.ts",
          name: "of ten thousand users that came and went is no larger than its bound, and knows none of them",
        },
        {
          file: "test/attack/never-reads.test.ts",
          name: "that makes and deletes users over and over leaves nothing of any, and never gets a uid twice in a row",
        },
      ],
    },
  },
  {
    row: 74,
    severity: "medium",
    attacker: "task",
    attack: "A task fills the volume of root's journal or logs, so that its own end cannot be written down.",
    echo: "",
    defence:
      "Nothing new begins without them; killing and deleting go on, and the gap is counted (helper/life.ts, helper/journal.ts, helper/audit.ts).",
    played: {
      tests: [
        {
          file: "test/attack/full-disk.test.ts",
          name: "below root's journal lets nothing new begin, ends what there is, and is told truly when there is room",
        },
        {
          file: "test/attack/full-disk.test.ts",
          name: "below root's logs lets nothing new begin, ends what there is, and is told truly when there is room",
        },
      ],
    },
  },
  {
    row: 75,
    severity: "low",
    attacker: "agent",
    attack: "Arguments or environment fit the limits of the protocol, but not those of the kernel.",
    echo: "",
    defence: "What the system refuses is an answer (helper/table.ts).",
    played: {
      tests: [
        {
          file: "test/attack/too-long.test.ts",
          name: "within them, but not within the kernel's, is refused or fails, and the connection goes on",
        },
        {
          file: "test/attack/too-long.test.ts",
          name: "runs with as many bytes, and as many strings, as the protocol allows",
        },
      ],
    },
  },
  {
    row: 76,
    severity: "low",
    attacker: "agent",
    attack: "Names and paths are longer than the system takes.",
    echo: "",
    defence: "They are looked up as the task user, and what is not found is not started (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/too-long.test.ts",
          name: "for a program whose name is too long starts nothing, with neither code nor signal",
        },
        {
          file: "test/attack/too-long.test.ts",
          name: "for a directory whose name is too long starts nothing, with neither code nor signal",
        },
      ],
    },
  },
  {
    row: 77,
    severity: "low",
    attacker: "task",
    attack: "A task kills the relay of its output, or the shell before it, with whatever signal.",
    echo: "",
    defence: "Both run as the task user and carry nothing but its own output and its own end (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/report-channel.test.ts",
          name: "and ends the relay of its own output loses that output and nothing else",
        },
        {
          file: "test/attack/report-channel.test.ts",
          name: "and ends the shell by a signal that has no name is reported without code and signal",
        },
      ],
    },
  },
];
