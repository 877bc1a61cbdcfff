/** Rows 1–30 of the threat catalogue. */
import type { Row } from "./row.ts";

export const rows0130: readonly Row[] = [
  {
    row: 1,
    severity: "critical",
    attacker: "agent",
    attack: "A request carries a uid or gid of its own choice: 0, -1, -101, a string, null, one under __proto__.",
    echo: "sudo CVE-2019-14287, polkit CVE-2018-19788; XNU ignores setuid(-101)",
    defence:
      "The wire carries opaque ids only and every schema is closed (shared/protocol/schemas.ts); a uid is checked against the range right before the fork (helper/spawn.ts) and by the child's first lines (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/wire-ids.test.ts",
          name: "an agent puts a uid into a request: the connection ends, whatever the key and the value",
        },
        {
          file: "test/attack/wire-ids.test.ts",
          name: "a mistake of ours starts a process with a uid that is none, or is not in the range: nothing is started",
        },
        {
          file: "test/attack/wire-ids.test.ts",
          name: "the kernel ignores setuid, as XNU does for -101: the first lines of the child see it and run nothing",
        },
        {
          file: "test/attack/wire-ids.test.ts",
          name: "an agent guesses the id of another agent's user: it is nobody's",
        },
      ],
    },
  },
  {
    row: 2,
    severity: "critical",
    attacker: "agent",
    attack: "A user name is `..`, `-rf`, empty, `%2e` or 300 bytes long, so that dscl deletes every user.",
    echo: "sudo-rs CVE-2023-42456, systemd CVE-2017-1000082; `dscl . -delete /Users`",
    defence:
      "Names are made by the helper and never come from the wire; the one function that builds dscl's paths takes only those (helper/dscl.ts).",
    played: {
      tests: [
        {
          file: "test/attack/wire-ids.test.ts",
          name: "an agent names a user by a uid, a name or a path: the connection ends, and no account of others is touched",
        },
        {
          file: "test/attack/wire-ids.test.ts",
          name: "a mistake of ours hands dscl a hostile name: it is refused before dscl runs",
        },
        {
          file: "test/helper/accounts.test.ts",
          name: "is deleted by two calls of dscl, user first, each naming one record",
        },
      ],
    },
  },
  {
    row: 3,
    severity: "critical",
    attacker: "task",
    attack: "A directory is swapped for a link while root deletes or changes the tree.",
    echo: "Rust CVE-2022-21658, Nix CVE-2025-46415, systemd-tmpfiles CVE-2018-6954",
    defence:
      "Root walks no tree: the task user's own sweep deletes (helper/spawn.ts runAs, helper/sweep.sh), and root only removes the two fixed directories (helper/directories.ts).",
    played: {
      tests: [
        {
          file: "test/attack/deletion-races.test.ts",
          name: "a task swaps a directory for a link while its files are deleted: nothing outside is deleted or changed",
        },
        { file: "test/boundaries.test.ts", name: "of what the helper needs, nothing deletes or copies recursively" },
      ],
    },
  },
  {
    row: 4,
    severity: "critical",
    attacker: "task",
    attack:
      "A hard link to a file of root's lies in the home or among the artifacts and waits for root to change or read it.",
    echo: "systemd-tmpfiles CVE-2017-18078; XNU has no protected_hardlinks",
    defence:
      "Files of a task are read, changed and deleted by processes of that task user only (helper/spawn.ts); root opens, chowns and chmods nothing there (helper/directories.ts).",
    played: {
      tests: [
        {
          file: "test/attack/deletion-races.test.ts",
          name: "a hard link to a file of root's lies in a task's home and in /tmp: the file keeps owner, mode and content, and is not read",
        },
        {
          file: "test/boundaries.test.ts",
          name: "root opens, walks and deletes nothing below the tasks directory: only these calls are made there",
        },
      ],
    },
  },
  {
    row: 5,
    severity: "critical",
    attacker: "task",
    attack: "A script, log or artifact that root would open is a link, a FIFO or a device.",
    echo: "Zoom CVE-2022-28756, VMware CVE-2020-3950, Tunnelblick CVE-2012-3485",
    defence:
      "Root opens nothing below a task directory; no request has a path that root reads (helper/directories.ts, shared/protocol/schemas.ts).",
    played: {
      tests: [
        {
          file: "test/attack/strace.test.ts",
          name: "a task fills its home with all that could lead root astray: root makes no call below the tasks directory but on its fixed names, and starts only its own tools",
        },
        {
          file: "test/protocol/validators.test.ts",
          name: "no request has a field that names a path, a uid, a gid, a name or a pid, except what only the task user reads",
        },
      ],
    },
  },
  {
    row: 6,
    severity: "critical",
    attacker: "agent",
    attack:
      "Variables that programs obey (NODE_OPTIONS, BASH_ENV, DYLD_INSERT_LIBRARIES, IFS) reach a program of root's or the shell before the task.",
    echo: "DYLD_PRINT_TO_FILE CVE-2015-3760, Shellshock CVE-2014-6271, pkexec CVE-2021-4034",
    defence:
      "Root's tools and the child's shell have constant environments (helper/spawn.ts); the task's variables are read as data after the ids have changed (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/environment.test.ts",
          name: "asks for variables that programs obey: none reaches a program of root's, which have a constant environment and cwd",
        },
        {
          file: "test/attack/environment.test.ts",
          name: "asks for variables that shells obey: the shell between root and the task was started without them",
        },
      ],
    },
  },
  {
    row: 7,
    severity: "critical",
    attacker: "agent",
    attack:
      "A command is an option of the shell before it, a builtin, or a line of shell; or root starts a program that the agent named.",
    echo: "CleanMyMac CVE-2018-4032, Little Snitch CVE-2019-13013",
    defence:
      "One module starts processes, by constant absolute paths and argument lists (helper/spawn.ts); argv is run by the task user's shell as a program and nothing else (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/environment.test.ts",
          name: "asks for a command that looks like options, a builtin or a line of shell: it is looked up as a program and nothing else",
        },
        { file: "test/boundaries.test.ts", name: "of what the helper needs, only spawn.ts can start a process" },
        { file: "test/boundaries.test.ts", name: "no process is started through a shell string" },
      ],
    },
  },
  {
    row: 8,
    severity: "critical",
    attacker: "task",
    attack: "A process or file of a task survives, and the next task gets the same uid.",
    echo: "generic-worker reboots for it; Nix issues 99, 103 and 152",
    defence: "Kill rounds until it is quiet, sweep, kill again, look (helper/reap.ts, helper/life.ts).",
    played: {
      tests: [
        {
          file: "test/attack/deletion-races.test.ts",
          name: "a uid is used again at once, after a task that forks, detaches, hides and stops everything: nothing of it is left",
        },
        { file: "test/helper/accounts.test.ts", name: "gets another uid and name than the one before, which is gone" },
      ],
    },
  },
  {
    row: 9,
    severity: "critical",
    attacker: "agent",
    attack: "A task user gets a uid that owns files of somebody else.",
    echo: "Reuse of uids on NFS",
    defence:
      "A range of its own; every uid and gid of the machine is read before and after an account is made (helper/records.ts, helper/accounts.ts).",
    played: {
      tests: [
        { file: "test/helper/accounts.test.ts", name: "never gets a uid that only a group has" },
        {
          file: "test/helper/accounts.test.ts",
          name: "gets the next uid when a foreign account takes the planned one, and dscl would enforce it",
        },
        {
          file: "test/helper/accounts.test.ts",
          name: "gets the next uid when a foreign account takes the planned one, and dscl would allow it",
        },
      ],
    },
  },
  {
    row: 10,
    severity: "critical",
    attacker: "agent",
    attack: "The task keeps groups of the helper's: wheel, admin, staff.",
    echo: "podman CVE-2022-2989, buildah CVE-2022-2990, moby CVE-2022-36109",
    defence:
      "Node drops them, and the child's first lines run nothing unless its only group is its own (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/inheritance.test.ts",
          name: "finds itself in the groups of whoever started the helper: it is in none of them",
        },
        {
          file: "test/attack/wire-ids.test.ts",
          name: "the group of the child is still root's: its first lines see it and run nothing",
        },
      ],
    },
  },
  {
    row: 11,
    severity: "critical",
    attacker: "task",
    attack: "A task reads through a descriptor that the helper inherited or opened.",
    echo: "CVE-2015-3760; runc CVE-2024-21626",
    defence: "The child's first lines close every descriptor but four (helper/become-user.sh).",
    played: {
      tests: [
        {
          file: "test/attack/inheritance.test.ts",
          name: "reads through descriptors that the helper inherited: it has none of them",
        },
        { file: "test/helper/spawn.test.ts", name: "has descriptors 0, 1 and 2 and no others" },
      ],
    },
  },
  {
    row: 12,
    severity: "critical",
    attacker: "local user",
    attack: "A file or directory that root's code is loaded from can be replaced by somebody else.",
    echo: "Private Internet Access CVE-2019-12571, VMware CVE-2020-3950",
    defence:
      "Every component of every path is root's alone, else the helper does not start (helper/trust.ts, helper/main.ts).",
    played: {
      tests: [
        { file: "test/helper/main.test.ts", name: "does not start from code that others could change" },
        { file: "test/helper/main.test.ts", name: "looks at where a link leads, not at the link" },
        {
          file: "test/helper/main.test.ts",
          name: "does not start when its configuration directory can be written by others",
        },
      ],
    },
  },
  {
    row: 13,
    severity: "critical",
    attacker: "local user",
    attack: "The place of the socket is taken before the helper starts, or the socket is swapped afterwards.",
    echo: "snapd CVE-2019-7304, containerd CVE-2020-15257",
    defence:
      "The helper makes the socket's directory anew in one that is root's alone (helper/listen.ts, helper/main.ts); the agent checks the whole chain (agent/engine/socket-chain.ts).",
    played: {
      tests: [
        { file: "test/attack/socket.test.ts", name: "makes the directory of the sockets: the helper does not start" },
        {
          file: "test/attack/socket.test.ts",
          name: "can write to the directory of the sockets: the helper does not start",
        },
        {
          file: "test/attack/socket.test.ts",
          name: "left a file where the helper listens: it is removed, and the helper listens on a socket of its own",
        },
        {
          file: "test/attack/socket.test.ts",
          name: "left a dangling link where the helper listens: no socket is made at its end",
        },
        {
          file: "test/engine/socket-chain.test.ts",
          name: "a socket of somebody else is refused, and nothing is said to it",
        },
      ],
    },
  },
  {
    row: 14,
    severity: "critical",
    attacker: "local user",
    attack: "A check of the client's pid is raced by exec or by reuse of the pid.",
    echo: "Rootpipe CVE-2015-1130, Little Snitch CVE-2019-13013",
    defence: "No pid is asked for: who can reach the socket may use it, and modes decide who can (helper/listen.ts).",
    played: {
      tests: [
        { file: "test/helper/listen.test.ts", name: "gives an account outside the agent's group no way in" },
        {
          file: "test/helper/listen.test.ts",
          name: "lies in a directory of root and that group alone, and its path fits into every system's limit",
        },
      ],
    },
  },
  {
    row: 15,
    severity: "critical",
    attacker: "agent",
    attack:
      "Requests in a wrong order: before hello, for a user that is being deleted, twice, for the user of an earlier connection.",
    echo: "OpenSSH CVE-2015-6563 and CVE-2015-6564",
    defence:
      "One table of request and state; everything else ends the connection (helper/table.ts, helper/session.ts).",
    played: {
      tests: [
        { file: "test/helper/listen.test.ts", name: "refuses every request before hello" },
        { file: "test/helper/table.test.ts", name: "to spawn while deleteUser runs ends the connection as not-now" },
        {
          file: "test/helper/table.test.ts",
          name: "for a user that is deleted already ends the connection as unknown-id",
        },
        {
          file: "test/helper/table.test.ts",
          name: "for the user of an earlier connection ends the connection as unknown-id",
        },
        { file: "test/helper/table.test.ts", name: "that follows one which ended the connection is not carried out" },
      ],
    },
  },
  {
    row: 16,
    severity: "critical",
    attacker: "agent",
    attack:
      "JSON that two readers read differently: duplicate keys, __proto__, deep nesting, odd numbers, a byte order mark.",
    echo: "CouchDB CVE-2017-12635",
    defence:
      "A frame is taken only if it is what JSON.stringify would write (shared/protocol/frames.ts), then by a closed schema.",
    played: {
      tests: [
        { file: "test/protocol/frames.test.ts", name: "a frame with a duplicate key is no strict JSON" },
        { file: "test/protocol/frames.test.ts", name: "a frame with an overlong slash is no UTF-8" },
        { file: "test/helper/listen.test.ts", name: "ends a connection for a frame with __proto__ in it" },
        {
          file: "test/helper/listen.test.ts",
          name: "ends a connection for a frame that is nested 200,000 levels deep",
        },
      ],
    },
  },
  {
    row: 17,
    severity: "high",
    attacker: "agent",
    attack: "Frames that are too large or never end, answers that are never read, thousands of connections.",
    echo: "Node CVE-2018-12121, CVE-2018-12122",
    defence:
      "Bounds before buffering, deadlines, eight silent connections, one control connection (shared/protocol/frames.ts, helper/listen.ts, helper/session.ts).",
    played: {
      tests: [
        {
          file: "test/helper/listen.test.ts",
          name: "ends a connection that sends a frame larger than the limit, and does not take the rest into memory",
        },
        {
          file: "test/helper/listen.test.ts",
          name: "ends a control connection whose frame does not end in time, and its own time is bounded",
        },
        {
          file: "test/helper/listen.test.ts",
          name: "takes eight silent connections, refuses more, and ends them after their time",
        },
        {
          file: "test/attack/flood.test.ts",
          name: "asks without end and never reads the answers: its connection ends, and the helper's memory has not grown",
        },
        { file: "test/attack/flood.test.ts", name: "opens 2,000 connections: the one that it holds is still served" },
      ],
    },
  },
  {
    row: 18,
    severity: "high",
    attacker: "task",
    attack: "The agent's credentials are read from a command line, an environment or a file.",
    echo: "KERN_PROCARGS2: every command line is public",
    defence:
      "Credentials travel in the environment and in files of the agent, which has an account of its own (helper/start.ts).",
    played: {
      tests: [
        {
          file: "test/attack/credentials.test.ts",
          name: "a task looks for the agent's credentials in every process and file that it may read: they are in none",
        },
      ],
    },
  },
  {
    row: 19,
    severity: "high",
    attacker: "task",
    attack: "A sibling uses a task's loopback proxy to act with its scopes.",
    echo: "taskcluster-proxy checks uids since its changelog says so; CVE-2020-8558",
    defence: "A random secret for each task, loopback, a strict Host check, closed at the task's end.",
    played: {
      reason: "taskcluster-proxy is not built yet",
      check: "The test of the proxy: a second task user without the secret is answered 403, and so is a foreign Host.",
    },
  },
  {
    row: 20,
    severity: "high",
    attacker: "task",
    attack: "A task stops or kills whatever tries to end it, its own cleaner too.",
    echo: "Nix issue 99",
    defence: "Root lists and signals; all are stopped before any is killed (helper/reap.ts).",
    played: {
      tests: [
        {
          file: "test/attack/killer-races.test.ts",
          name: "stops and kills all it may, its cleaner too, from several sessions: it is gone, and nobody else has noticed",
        },
        {
          file: "test/helper/reap.test.ts",
          name: "killUser ends one that stops everything it may, again and again, and the user can be used again",
        },
      ],
    },
  },
  {
    row: 21,
    severity: "high",
    attacker: "task",
    attack: "A fork bomb takes every process of the system, so that the helper cannot start its tools.",
    echo: "classic",
    defence:
      "A hard limit of processes for each task user (helper/become-user.sh); the killing rounds (helper/reap.ts).",
    played: {
      tests: [
        { file: "test/helper/reap.test.ts", name: "killUser ends a fork bomb, and the user can be used again" },
        {
          file: "test/helper/spawn.test.ts",
          name: "has the umask and limits of helper.json, soft and hard, and makes no core file",
        },
      ],
    },
  },
  {
    row: 22,
    severity: "high",
    attacker: "task",
    attack: "Input is pushed into the terminal of whoever started the helper.",
    echo: "opendoas CVE-2023-28339, coreutils CVE-2016-2568",
    defence: "A session of its own and no terminal (helper/spawn.ts).",
    played: {
      tests: [
        {
          file: "test/attack/inheritance.test.ts",
          name: "pushes input into the terminal of whoever started the helper: it has no terminal",
        },
        { file: "test/helper/spawn.test.ts", name: "has no terminal to read from or to push input into" },
      ],
    },
  },
  {
    row: 23,
    severity: "high",
    attacker: "task",
    attack:
      "Signals to groups, to the helper, or to a pid that has just changed hands; ignored signals that are inherited.",
    echo: "OpenSSH CVE-2024-6387",
    defence:
      "The kernel's uids, a session of its own (helper/spawn.ts), and only children that have not been waited for are signalled (helper/table.ts).",
    played: {
      tests: [
        {
          file: "test/attack/killer-races.test.ts",
          name: "sends every signal to everybody, its own group and the helper's: none arrives anywhere else",
        },
        {
          file: "test/attack/killer-races.test.ts",
          name: "ends while signals are on their way to it: they reach nobody else, and each is answered",
        },
        { file: "test/helper/spawn.test.ts", name: "ignores, blocks and catches no signal" },
      ],
    },
  },
  {
    row: 24,
    severity: "high",
    attacker: "task",
    attack: "A core file of the helper or of a child that was root is read.",
    echo: "CVE-2006-2451, systemd-coredump CVE-2022-4415",
    defence:
      "No core files: a hard limit of 0 in the child (helper/become-user.sh); the helper is not readable by a task.",
    played: {
      tests: [
        {
          file: "test/helper/spawn.test.ts",
          name: "has the umask and limits of helper.json, soft and hard, and makes no core file",
        },
      ],
    },
  },
  {
    row: 25,
    severity: "high",
    attacker: "task",
    attack: "A job of cron, at or launchd runs after the task's end.",
    echo: "",
    defence: "The task user's own sweep removes them and counts what is left (helper/sweep.sh).",
    played: {
      tests: [
        { file: "test/attack/persistence.test.ts", name: "leaves a job for cron: it is found, counted and gone" },
      ],
    },
  },
  {
    row: 26,
    severity: "high",
    attacker: "task",
    attack: "A set-uid program is left for somebody else to act as that uid later.",
    echo: "",
    defence:
      "The sweep of the shared places (helper/sweep.sh), and a uid that is not used beside one that could have hidden it (helper/journal.ts).",
    played: {
      tests: [
        {
          file: "test/attack/persistence.test.ts",
          name: "leaves set-uid programs for another account to act as it later: none is left",
        },
      ],
    },
  },
  {
    row: 27,
    severity: "high",
    attacker: "task",
    attack: "A task changes or removes the directory, or the umask, that root works with.",
    echo: "rsync CVE-2026-29518",
    defence: "The helper works in `/` with umask 077 (helper/main.ts); its tools in `/` (helper/spawn.ts).",
    played: {
      tests: [
        {
          file: "test/attack/inheritance.test.ts",
          name: "removes or changes the directory that the helper was started in: the helper works in /",
        },
        {
          file: "test/attack/environment.test.ts",
          name: "asks for variables that programs obey: none reaches a program of root's, which have a constant environment and cwd",
        },
      ],
    },
  },
  {
    row: 28,
    severity: "high",
    attacker: "server",
    attack: "An archive with links, absolute paths, `..` or devices writes outside of where it is unpacked.",
    echo: "node-tar CVE-2021-32803, Python CVE-2007-4559",
    defence: "Unpacked by a process of the task user in its home.",
    played: {
      tests: [
        {
          file: "test/engine/unpack-archive.test.ts",
          name: "whose names and links lead out of the home writes nothing there",
        },
      ],
    },
  },
  {
    row: 29,
    severity: "high",
    attacker: "server",
    attack: "A download without end, a slow one, or one that grows when it is decompressed.",
    echo: "42.zip",
    defence:
      "Limits of size, idle time and total time (agent/link/link-attempt.ts), and of an archive's space and time (agent/engine/unpack-archive.ts).",
    played: {
      tests: [
        {
          file: "test/link/download-link.test.ts",
          name: "a body that grows too large, also when it is decompressed, is malformed-payload and leaves no file",
        },
        { file: "test/link/download-link.test.ts", name: "a body that stalls is given up after the idle time" },
        {
          file: "test/link/download-link.test.ts",
          name: "a body that drips for ever is given up after the total time",
        },
      ],
    },
  },
  {
    row: 30,
    severity: "high",
    attacker: "server",
    attack: "A link or a redirect leads to a file of the worker or to another scheme, or takes credentials along.",
    echo: "Capital One, 2019",
    defence:
      "Only http and https, five redirects, no credentials across origins (agent/link/link-address.ts, agent/link/link-attempt.ts). What the agent can reach by network a task on the same machine can reach too.",
    played: {
      tests: [
        { file: "test/link/download-link.test.ts", name: "one to a file on the worker is malformed-payload" },
        { file: "test/link/download-link.test.ts", name: "a sixth is malformed-payload" },
        {
          file: "test/link/download-link.test.ts",
          name: "user and password go into a header, and not to where it redirects",
        },
      ],
    },
  },
];
