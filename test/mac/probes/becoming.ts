/** Becoming a task user, asked of a real helper: ids, descriptors, environment, limits, output. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { shellCommand } from "../../../agent/engine/task-shell.ts";
import type { Ground } from "../ground.ts";
import { type Answer, type Probe, probesOf } from "../probe.ts";
import { said, type TaskUsers, withTaskUser } from "../task-users.ts";

/** The lines as a task user; `seen` is what they print, as `words` puts it. */
function lines(script: string, words = (text: string): string => text): Probe["ask"] {
  const ask = async (users: TaskUsers): Promise<Answer> => ({ seen: words(await said(users, script)) });
  return (ground) => withTaskUser(ground, ask);
}

const inOneLine = (text: string): string => text.replaceAll("\n", " ");

/** What Node makes of ids that no type checker lets through: the words go to it as they are. */
async function idOf(uid: string): Promise<Answer> {
  const program = `const { stdout, error } = require("node:child_process").spawnSync("/usr/bin/id", ["-u"],
    { uid: ${uid}, gid: ${uid}, encoding: "utf8" }); process.stdout.write(error ? error.code : stdout.trim())`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [seen] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return { seen };
}

async function ids(ground: Ground): Promise<Answer> {
  return withTaskUser(ground, async (users) => {
    const { uid, name } = users.user;
    const seen = await said(
      users,
      `/bin/ps -o ruid= -o uid= -o svuid= -o rgid= -o svgid= -p $$; /usr/bin/id -un; echo \${GROUPS[*]}`,
    );
    const words = seen.split(/\s+/);
    const wanted = [...Array.from({ length: 5 }, () => `${uid}`), name, `${uid}`];
    return { seen: words.join() === wanted.join() ? "the task user's alone" : words.join(" ") };
  });
}

const inBareHome = `cd && fail=
try() { "$@" >/dev/null 2>&1 </dev/null || fail="$fail $1"; }
try /bin/sh -c 'echo x >file'
try /bin/zsh -c 'true'
try /usr/bin/perl -e 1
try /usr/bin/mktemp -d
try /usr/bin/defaults write org.taskcluster.worker.probe key value
[ "$(/usr/bin/defaults read org.taskcluster.worker.probe key 2>/dev/null)" = value ] || fail="$fail defaults"
echo "\${fail:-all of it works}"`;

export const becomingProbes = probesOf({ leansOn: ["helper/spawn.ts", "helper/become-user.sh"] }, [
  {
    number: 12,
    claim: "A task has its own real, effective and saved ids, its name, and no group but its own.",
    mark: "M",
    asked: "as a task user: ps -o ruid,uid,svuid,rgid,svgid -p $$; id -un; $GROUPS",
    expected: ["the task user's alone"],
    ask: ids,
  },
  {
    number: 13,
    claim: "Node starts a child with uid null as root.",
    mark: "M",
    asked: "spawn('/usr/bin/id', ['-u'], { uid: null, gid: null }) as root",
    expected: ["0"],
    ask: () => idOf("null"),
  },
  {
    number: 14,
    claim: "setuid(-101) succeeds and does nothing, so that Node starts such a child as root.",
    mark: "V",
    asked: "spawn('/usr/bin/id', ['-u'], { uid: -101, gid: -101 }) as root",
    expected: ["0", "EINVAL"],
    ask: () => idOf("-101"),
  },
  {
    number: 15,
    claim: "A task has the descriptors 0, 1 and 2 and no other.",
    mark: "M",
    asked: "as a task user: each of /dev/fd/* that is open",
    expected: ["0 1 2"],
    ask: lines('cd /dev/fd && for fd in *; do [ -e "$fd" ] && printf "%s " "$fd"; done | /usr/bin/sed "s/ $//"'),
  },
  {
    number: 16,
    leansOn: ["helper/spawn.ts", "agent/engine/sandbox.ts"],
    claim: "A task can open its output, a socket, through /dev/stdout and /dev/stderr; so no relay stands before it.",
    mark: "V",
    asked: "as a task user: echo one >/dev/stdout; echo two >/dev/stderr; echo three | tee /dev/stderr >/dev/null",
    expected: ["one two three"],
    ask: lines("echo one >/dev/stdout; echo two >/dev/stderr; echo three | tee /dev/stderr >/dev/null", (text) =>
      text.replaceAll("\n", " "),
    ),
  },
  {
    number: 17,
    claim: "A task has no terminal and cannot open one.",
    mark: "V",
    asked: "as a task user: : </dev/tty",
    expected: ["none"],
    ask: lines("if { : </dev/tty; } 2>/dev/null; then echo one; else echo none; fi"),
  },
  {
    number: 18,
    claim: "bash 3.2 sets the limits of a task: no core, at most 4096 files and 2000 processes.",
    mark: "M",
    asked: "as a task user: ulimit -H -c -n -u, each at most what root's configuration says",
    expected: ["within the limits"],
    async ask(ground) {
      return withTaskUser(ground, async (users) => {
        const text = await said(users, "ulimit -Hc; ulimit -Hn; ulimit -Hu");
        const [core = "", files = "", processes = ""] = text.split("\n");
        const good = core === "0" && Number(files) <= 4096 && Number(processes) <= 2000;
        return { seen: good ? "within the limits" : text.replaceAll("\n", " "), more: [text.replaceAll("\n", " ")] };
      });
    },
  },
  {
    number: 19,
    claim:
      "Nothing of the helper's environment reaches a task, not even NODE_OPTIONS, which Node puts into every child.",
    mark: "M",
    asked: "as a task user with HOME and PATH alone: env, without what bash sets itself",
    expected: ["HOME PATH"],
    ask: lines(
      "/usr/bin/env | /usr/bin/sed 's/=.*//' | /usr/bin/grep -vE '^(PWD|SHLVL|_|__CF_USER_TEXT_ENCODING)$' | /usr/bin/sort",
      inOneLine,
    ),
  },
  {
    number: 20,
    claim: "Programs work in a home that is an empty directory, without Apple's template.",
    mark: "F",
    asked: "as a task user in its home: sh, zsh, perl, mktemp, defaults write and read",
    expected: ["all of it works"],
    ask: lines(inBareHome),
  },
  {
    number: 21,
    leansOn: ["agent/engine/task-shell.ts"],
    claim: "script makes a terminal with a pipe as stdin, and ends with the status of what it ran.",
    mark: "D",
    asked: "as a task user: what a person's shell is started with, around exit 7",
    expected: ["a terminal, exit 7"],
    async ask(ground) {
      return withTaskUser(ground, async ({ client, user }) => {
        const { argv, env } = shellCommand(
          { argv: ["/bin/sh", "-c", "exit 7"], terminal: true },
          { PATH: "/usr/bin:/bin" },
        );
        const { exited, output } = await client.run(user.user, [...argv], { env: { ...env } });
        const terminal = /^\/dev\/[A-Za-z0-9/]+\r?\n/.test(output) ? "a terminal" : JSON.stringify(output);
        return { seen: `${terminal}, ${exited.signal ?? `exit ${exited.code}`}` };
      });
    },
  },
  {
    number: 22,
    leansOn: ["agent/engine/file-reader.ts"],
    claim: "stat tells size and times of an open descriptor, to parts of a second.",
    mark: "D",
    asked: "as a task user: stat -f '%z %Fm %Fc' <FILE of 5 bytes",
    expected: ["5 bytes and two times"],
    ask: lines(`cd && printf 12345 >five && /usr/bin/stat -f '%z %Fm %Fc' <five |
      /usr/bin/sed -E 's/^5 [0-9]+[.][0-9]+ [0-9]+[.][0-9]+$/5 bytes and two times/'`),
  },
]);
