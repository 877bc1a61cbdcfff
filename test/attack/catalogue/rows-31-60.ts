/** Rows 31–60 of the threat catalogue. */
import type { Row } from "./row.ts";

export const rows3160: readonly Row[] = [
  {
    row: 31,
    severity: "high",
    attacker: "server",
    attack: "The queue sends a hostile task: a huge environment, 100,000 commands, control characters, NUL, odd names.",
    echo: "",
    defence:
      "Schemas and limits in the agent (agent/payload/parse.ts, agent/engine/spawn-limits.ts); the helper checks all of it again (shared/protocol/schemas.ts, helper/table.ts).",
    played: {
      tests: [
        { file: "test/helper/table.test.ts", name: "to spawn with a NUL in argv ends the connection" },
        {
          file: "test/helper/table.test.ts",
          name: "to spawn with strings that are too long together ends the connection",
        },
        {
          file: "test/protocol/validators.test.ts",
          name: "argv and env hold no NUL, are not empty or too many, and no string is too long",
        },
        {
          file: "test/engine/sandbox.test.ts",
          name: "argv and environment over the limits are refused without asking the helper",
        },
      ],
    },
  },
  {
    row: 32,
    severity: "high",
    attacker: "agent",
    attack: "The helper is used to read a file by its path, or to kill a process by its pid.",
    echo: "",
    defence:
      "No request has a path that root reads or a pid; signals and kills go by opaque ids (shared/protocol/schemas.ts, helper/table.ts).",
    played: {
      tests: [
        {
          file: "test/protocol/validators.test.ts",
          name: "no request has a field that names a path, a uid, a gid, a name or a pid, except what only the task user reads",
        },
        {
          file: "test/helper/table.test.ts",
          name: "to signal a process that has exited, or that never was, delivers nothing",
        },
        { file: "test/helper/reap.test.ts", name: "killUser does not touch another task user" },
      ],
    },
  },
  {
    row: 33,
    severity: "high",
    attacker: "agent",
    attack: "An agent creates 10,000 accounts, on one connection or by hanging up and connecting again.",
    echo: "",
    defence:
      "At most maxUsers are live, those that are being ended included, on all connections together (helper/session.ts, helper/accounts.ts).",
    played: {
      tests: [
        { file: "test/helper/table.test.ts", name: "for more users than maxUsers is refused until one is gone" },
        {
          file: "test/attack/stolen-connection.test.ts",
          name: "gets no user of its own beyond maxUsers while those of the agent are still being ended",
        },
      ],
    },
  },
  {
    row: 34,
    severity: "high",
    attacker: "agent",
    attack: "The bytes of a script or of an environment are taken for requests, or for lines of the shell before it.",
    echo: "HTTP desync",
    defence:
      "A data connection is parsed no further than its ticket (helper/listen.ts); the environment comes quoted on a channel of its own (helper/spawn.ts, helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/tickets.test.ts",
          name: "with requests behind it in the same bytes carries none of them out",
        },
        {
          file: "test/attack/bash-lines.test.ts",
          name: "run nothing, change no id and report truly, given values that would end their quotes",
        },
      ],
    },
  },
  {
    row: 35,
    severity: "high",
    attacker: "agent",
    attack:
      "Line ends, escapes and bidirectional characters in argv, environment, type or an error forge or hide a line of a log.",
    echo: "sudo CVE-2023-28486, CVE-2023-28487",
    defence:
      "Nothing of a request is logged; a line is JSON with such characters escaped and has a bound (helper/audit.ts, helper/refusal.ts).",
    played: {
      tests: [
        {
          file: "test/attack/log-injection.test.ts",
          name: "holds nothing of what an agent sends: neither argv, environment, directory nor type",
        },
        {
          file: "test/attack/log-injection.test.ts",
          name: "is one line of visible characters that says what was to be said, whatever that was",
        },
        { file: "test/attack/log-injection.test.ts", name: "has an end, and the chain goes on behind it" },
        { file: "test/attack/log-injection.test.ts", name: "of an error is printable and short" },
      ],
    },
  },
  {
    row: 36,
    severity: "high",
    attacker: "task",
    attack: "The path of a log that launchd opens is a link of a task.",
    echo: "launchd opens log paths without O_NOFOLLOW",
    defence:
      "Logs lie in a directory of root alone, which is looked at before the start (helper/main.ts, helper/trust.ts); launchd opens none for the agent (launchd/plists.ts).",
    played: {
      tests: [
        { file: "test/helper/main.test.ts", name: "does not start when its log directory can be written by others" },
        {
          file: "test/launchd/plists.test.ts",
          name: "lets launchd open no file, because it would do so in every login",
        },
      ],
    },
  },
  {
    row: 37,
    severity: "high",
    attacker: "local user",
    attack: "Variables such as NODE_OPTIONS or NODE_COMPILE_CACHE are set for the helper with launchctl setenv.",
    echo: "Electron ELECTRON_RUN_AS_NODE",
    defence: "The helper ends when it has one of them (helper/main.ts).",
    played: {
      tests: [
        { file: "test/helper/main.test.ts", name: "does not start with NODE_OPTIONS in its environment" },
        { file: "test/helper/main.test.ts", name: "does not start with NODE_V8_COVERAGE in its environment" },
        {
          file: "test/attack/start-conditions.test.ts",
          name: "does not start with NODE_COMPILE_CACHE set for it, whatever it says",
        },
        {
          file: "test/attack/start-conditions.test.ts",
          name: "does not start with DYLD_PRINT_TO_FILE set for it, whatever it says",
        },
      ],
    },
  },
  {
    row: 38,
    severity: "high",
    attacker: "local user",
    attack: "SIGUSR1 makes Node listen for a debugger, which then runs code as root.",
    echo: "",
    defence: "Both processes run under --disable-sigusr1, the helper under the permission model too (helper/flags.ts).",
    played: {
      tests: [
        {
          file: "test/attack/start-conditions.test.ts",
          name: "opens no debugger when it is sent the signal that asks for one",
        },
        {
          file: "test/attack/start-conditions.test.ts",
          name: "would open none even without the permission model, which forbids it too",
        },
      ],
    },
  },
  {
    row: 39,
    severity: "high",
    attacker: "task",
    attack:
      "A task's output attacks its reader: terminal escapes, bytes that are no text, gigabytes, markup in the live log.",
    echo: "",
    defence:
      "The output is bytes to the agent, bounded, and served as text (agent/task-log.ts, agent/http/livelog-route.ts).",
    played: {
      tests: [
        { file: "test/http/server.test.ts", name: "browsers of other sites may read the log, as text" },
        {
          file: "test/task-log.test.ts",
          name: "what commands write beyond their room is dropped, and said once; the worker's own lines fit",
        },
        { file: "test/cli/say.test.ts", name: "lets no control sequence from elsewhere reach the terminal on stderr" },
      ],
    },
  },
  {
    row: 40,
    severity: "medium",
    attacker: "task",
    attack: "A task fills its disk with bytes, with files, or with files that have no name any more.",
    echo: "",
    defence:
      "Its processes are killed and its home emptied by itself, which needs no room (helper/life.ts, helper/sweep.sh).",
    played: {
      tests: [
        {
          file: "test/attack/full-disk.test.ts",
          name: "of bytes in its home does not save a task user, and the next one has the room again",
        },
        {
          file: "test/attack/full-disk.test.ts",
          name: "of files in its home does not save a task user, and the next one has the room again",
        },
        { file: "test/attack/full-disk.test.ts", name: "keeps new users out, and nothing half made stays" },
      ],
    },
  },
  {
    row: 41,
    severity: "medium",
    attacker: "task",
    attack: "Modes, flags and depth keep a home from being deleted.",
    echo: "",
    defence:
      "The sweep opens everything up as the user first; what stays goes to the graveyard, once, and its user into quarantine (helper/sweep.sh, helper/directories.ts).",
    played: {
      tests: [
        { file: "test/helper/residue.test.ts", name: "a home of mode 000, in its home" },
        { file: "test/helper/residue.test.ts", name: "a tree of 2,000 levels, in its home" },
        {
          file: "test/helper/life.test.ts",
          name: "is a quarantine, with the rest in root's graveyard, when something in the home cannot be deleted by the user",
        },
      ],
    },
  },
  {
    row: 42,
    severity: "medium",
    attacker: "task",
    attack: "System V objects and files of mode 0666 in shared places carry something from one task to the next.",
    echo: "",
    defence:
      "The sweep removes and counts them; POSIX objects cannot be listed, which SECURITY.md says (helper/sweep.sh).",
    played: {
      tests: [
        {
          file: "test/helper/residue.test.ts",
          name: "System V shared memory, semaphores and queues, in the shared places",
        },
        { file: "test/helper/residue.test.ts", name: "files, in the shared places" },
      ],
    },
  },
  {
    row: 43,
    severity: "medium",
    attacker: "task",
    attack: "A task in the graphics session uses the pasteboard or LaunchServices of the person whose session it is.",
    echo: "CVE-2020-9934",
    defence:
      "Off unless root's configuration says otherwise, and then never in the agent's session (helper/table.ts, helper/main.ts); what the session's account owns is open to tasks, which docs/operate.md says.",
    played: {
      tests: [
        {
          file: "test/helper/spawn.test.ts",
          name: "with the graphics session is refused, because helper.json does not allow it",
        },
        {
          file: "test/helper/main.test.ts",
          name: "does not start with graphics and without a sessionUser but the agent",
        },
        { file: "test/helper/graphics.test.ts", name: "is for one task user at a time, and holds up no other command" },
      ],
    },
  },
  {
    row: 44,
    severity: "medium",
    attacker: "agent",
    attack: "The helper is killed in the middle of making a user: half a record, no uid, an orphan home.",
    echo: "",
    defence:
      "Each step is in the journal before it is made, and a helper that starts ends what it finds there (helper/journal.ts, helper/main.ts).",
    played: {
      tests: [
        {
          file: "test/helper/lease.test.ts",
          name: "is gone after the helper is killed while a user is made, and started again",
        },
        {
          file: "test/helper/lease.test.ts",
          name: "is gone after the helper is killed in the middle of a task and started again",
        },
      ],
    },
  },
  {
    row: 45,
    severity: "medium",
    attacker: "local user",
    attack: "Two helpers of one instance run at once.",
    echo: "",
    defence: "A lock that the kernel holds for a process (helper/lock.ts).",
    played: {
      tests: [
        {
          file: "test/helper/main.test.ts",
          name: "ends with 75, saying where its process is named, when another helper serves the instance",
        },
        { file: "test/helper/lock.test.ts", name: "a lock is one process's until it gives it back" },
      ],
    },
  },
  {
    row: 46,
    severity: "medium",
    attacker: "agent",
    attack:
      "A record is deleted and made again under the same name by somebody else, right before the helper deletes it.",
    echo: "",
    defence: "The GeneratedUID is compared before a record is deleted or used again (helper/records.ts).",
    played: {
      tests: [
        {
          file: "test/helper/life.test.ts",
          name: "deletes no account whose GeneratedUID is another one's, and quarantines it",
        },
        {
          file: "test/helper/life.test.ts",
          name: "does not use a resting account whose GeneratedUID is another one's",
        },
      ],
    },
  },
  {
    row: 47,
    severity: "medium",
    attacker: "task",
    attack: "A task traces, signals or takes descriptors from a sibling, the agent or the helper.",
    echo: "",
    defence: "Each task, the agent and root have uids of their own (helper/accounts.ts, helper/spawn.ts).",
    played: {
      tests: [
        {
          file: "test/attack/siblings.test.ts",
          name: "can signal, trace and take descriptors from no process but its own",
        },
        {
          file: "test/attack/siblings.test.ts",
          name: "reads no environment, memory, descriptor or directory of a process but its own",
        },
      ],
    },
  },
  {
    row: 48,
    severity: "medium",
    attacker: "task",
    attack: "A task connects to the helper's socket.",
    echo: "",
    defence:
      "Only the agent's group can search the socket's directory and open the socket, and no task is in it (helper/listen.ts, helper/spawn.ts).",
    played: {
      tests: [
        {
          file: "test/attack/siblings.test.ts",
          name: "cannot connect to the helper's socket, not even by way of a descriptor or a link",
        },
        { file: "test/helper/listen.test.ts", name: "gives an account outside the agent's group no way in" },
        {
          file: "test/helper/listen.test.ts",
          name: "lies in a directory of root and that group alone, and its path fits into every system's limit",
        },
      ],
    },
  },
  {
    row: 49,
    severity: "medium",
    attacker: "task",
    attack: "A task reads another one's files by a path that it guesses, or that the other one opened to everybody.",
    echo: "",
    defence: "A home lies in a directory of root that only the group of its user can pass (helper/directories.ts).",
    played: {
      tests: [
        {
          file: "test/attack/siblings.test.ts",
          name: "does not get at another task's files by their path, although that task gave everybody every right to them",
        },
        {
          file: "test/attack/siblings.test.ts",
          name: "does not get at them through a link to them either, whoever follows it",
        },
      ],
    },
  },
  {
    row: 50,
    severity: "medium",
    attacker: "server",
    attack: "A server attacks with TLS downgrades, endless headers and loops of redirects.",
    echo: "",
    defence: "Node's own fetch with its checks on, a bound for redirects, size and time (agent/link/download-link.ts).",
    played: {
      tests: [
        { file: "test/link/download-link.test.ts", name: "a sixth is malformed-payload" },
        {
          file: "test/link/download-link.test.ts",
          name: "a body that drips for ever is given up after the total time",
        },
        { file: "test/link/download-link.test.ts", name: "one to a file on the worker is malformed-payload" },
      ],
    },
  },
  {
    row: 51,
    severity: "medium",
    attacker: "agent",
    attack: "Polluted prototypes inside the helper change how it spawns.",
    echo: "lodash",
    defence:
      "Intrinsic objects are frozen, __proto__ throws, text is never run (helper/flags.ts); frames are compared with their own JSON (shared/protocol/frames.ts).",
    played: {
      tests: [
        {
          file: "test/attack/start-conditions.test.ts",
          name: "cannot have its objects polluted, nor text run as code, under the flags that it runs with",
        },
        { file: "test/protocol/frames.test.ts", name: "__proto__ in a frame is a key like any other" },
      ],
    },
  },
  {
    row: 52,
    severity: "medium",
    attacker: "agent",
    attack: "Numbers beyond all bounds: ids of 2⁵³, times of 2³¹ milliseconds.",
    echo: "",
    defence: "The wire has no times, and its numbers have bounds (shared/protocol/schemas.ts).",
    played: {
      tests: [
        { file: "test/helper/listen.test.ts", name: "ends a connection for a frame with an id beyond what is exact" },
        { file: "test/plugins/maxruntime.test.ts", name: "a time longer than a timer of Node takes is kept, not cut" },
      ],
    },
  },
  {
    row: 53,
    severity: "medium",
    attacker: "server",
    attack: "A package of the agent turns hostile.",
    echo: "event-stream, node-ipc",
    defence:
      "Root imports no package at all, and the agent has no right that matters (test/boundaries.test.ts shows the imports).",
    played: {
      tests: [
        {
          file: "test/boundaries.test.ts",
          name: "what runs as root imports Node's own modules, the protocol and its own folder, and nothing else",
        },
        { file: "test/helper/trusted-base.test.ts", name: "nothing of node_modules or of the agent is trusted" },
      ],
    },
  },
  {
    row: 54,
    severity: "low",
    attacker: "task",
    attack: "A process gives itself a title with line ends and columns of its own, so that ps lies about it.",
    echo: "parsers of ps",
    defence: "Only columns of numbers are asked for (helper/reap.ts).",
    played: {
      tests: [
        {
          file: "test/helper/reap.test.ts",
          name: "killUser ends one with a title that looks like ps, and the user can be used again",
        },
      ],
    },
  },
  {
    row: 55,
    severity: "low",
    attacker: "local user",
    attack: "Time zone, locale or formats of the environment change what tools print and how it is read.",
    echo: "",
    defence: "Every tool has the same constant environment (helper/spawn.ts).",
    played: {
      tests: [
        {
          file: "test/attack/start-conditions.test.ts",
          name: "gives its tools neither the time zone, the locale, the PATH nor any other variable that it was given",
        },
        {
          file: "test/attack/bash-lines.test.ts",
          name: "run nothing, change no id and report truly, given names of the lines' own variables",
        },
      ],
    },
  },
  {
    row: 56,
    severity: "low",
    attacker: "task",
    attack:
      "Something still runs or is looked up under the name or uid of a user that was deleted, such as its crontab.",
    echo: "",
    defence:
      "The sweep removes crontab and at jobs and counts them; names have 40 random bits and no uid comes back soon (helper/sweep.sh, helper/accounts.ts).",
    played: {
      tests: [
        {
          file: "test/attack/never-reads.test.ts",
          name: "that makes and deletes users over and over leaves nothing of any, and never gets a uid twice in a row",
        },
        {
          file: "test/attack/sweep.test.ts",
          name: "leaves nothing that the count did not see, though it writes behind it and is gone before the kill",
        },
        { file: "test/stories/leftovers.test.ts", name: "every task has a proof that nothing is left" },
      ],
    },
  },
  {
    row: 57,
    severity: "low",
    attacker: "agent",
    attack: "An agent learns by timing which accounts there are.",
    echo: "",
    defence: "None is needed: every local account can list all accounts.",
    played: {
      reason: "There is nothing to protect: /etc/passwd, and the directory on a Mac, can be read by everybody.",
      check: "None on a Mac either: dscl lists the accounts for everybody.",
    },
  },
  {
    row: 58,
    severity: "high",
    attacker: "task",
    attack: "Programs of a task inherit the access that TCC granted to the daemon.",
    echo: "",
    defence: "The helper needs no grant and works without one: what may not be deleted rests (helper/records.ts).",
    played: {
      reason: "Linux has no TCC.",
      check:
        "On a Mac: a task reads a file that only Full Disk Access opens, with and without the grant; test/helper/life.test.ts shows the work without it.",
    },
  },
  {
    row: 59,
    severity: "critical",
    attacker: "local user",
    attack: "The home of a record is pointed at a directory of the attacker.",
    echo: "CVE-2020-27937, CVE-2021-30970",
    defence:
      "The helper writes it once, from its own constant, reads it back, and works with its own paths (helper/records.ts, helper/directories.ts).",
    played: {
      tests: [
        {
          file: "test/helper/accounts.test.ts",
          name: "is made by these calls of dscl and no others, each attribute once",
        },
      ],
    },
  },
  {
    row: 60,
    severity: "medium",
    attacker: "agent",
    attack: "Foreign records hold markup, entities, line ends, a megabyte, or a uid that is no number.",
    echo: "",
    defence:
      "A strict reader that refuses every surprise, and a uid that only begins like a number is taken (helper/plist.ts, helper/records.ts).",
    played: {
      tests: [
        { file: "test/attack/records.test.ts", name: "holds what other records say as text and never as structure" },
        { file: "test/attack/records.test.ts", name: "with an entity that nobody knows is refused as a whole" },
        {
          file: "test/attack/records.test.ts",
          name: "of a megabyte in one value is read in time that grows with it and not faster",
        },
        {
          file: "test/attack/records.test.ts",
          name: "with markup, line ends and 100 KB in its attributes changes nothing for the next task user",
        },
        { file: "test/attack/records.test.ts", name: "whose uid is a number with a tail keeps that uid to itself" },
      ],
    },
  },
];
