import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { needsRoot } from "../root.ts";
import { useHelper } from "./fixture.ts";
import { toolOutput } from "./machine.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const nothing = { processes: 0, shared: 0, home: false, account: false };

/** Entries of the shared places that this uid owns, as root finds them. */
function ownedBy(uid: number): string[] {
  const found = toolOutput(
    "/usr/bin/find",
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "-ignore_readdir_race",
    "-xdev",
    "-uid",
    `${uid}`,
  ).split("\n");
  const ipc = ["shm", "sem", "msg"].flatMap((kind) => readFileSync(`/proc/sysvipc/${kind}`, "utf8").split("\n"));
  return [...found, ...ipc.filter((line) => line.split(/\s+/).includes(`${uid}`))].filter((line) => line !== "");
}

/** Makes 2,000 directories, one in the other; in the innermost one a file. */
const deep = (name: string, mode: number): string =>
  `perl -e 'for (1..2000) { mkdir q(${name}); chdir q(${name}) or die } mkdir q(e); open F, q(>e/f); chmod ${mode}, q(e)'`;

const home: [string, string][] = [
  ["directories of mode 000", "mkdir -p a/b/c; echo x >a/b/c/f; chmod 000 a/b/c a/b a"],
  ["directories that cannot be written to", "mkdir -p a/b; echo x >a/b/f; chmod -R 500 a"],
  ["a home of mode 000", "echo x >f; chmod 000 ."],
  ["a tree of 2,000 levels", deep("d", 493)],
  ["a tree that is deeper than a path can be long, with a directory of mode 000 at its end", deep("ddd", 0)],
  [
    "hard links, sockets, FIFOs and sparse files",
    "echo x >f; ln f g; mkfifo p; truncate -s 1T big; ln -s /etc e; ln -s . l",
  ],
  ["odd names", `touch -- -rf '*' '"' "'" $'a\\nb' $'\\xff\\xfe' ' ' '...' $'\\e[31m' "$(printf %0255d 0)"`],
  ["a process in a removed directory", "mkdir x; cd x; rmdir ../x; (sleep 300 >/dev/null 2>&1 & disown)"],
  ["10,000 files", "seq 10000 | xargs touch"],
];
const shared: [string, string][] = [
  [
    "files",
    "for d in /tmp /var/tmp /dev/shm; do echo x >$d/tcw-$UID; mkdir $d/tcwd-$UID; echo y >$d/tcwd-$UID/f; done",
  ],
  ["System V shared memory, semaphores and queues", "{ ipcmk -M 4096 && ipcmk -S 2 && ipcmk -Q; } >ids"],
  [
    "directories of mode 000",
    "mkdir -p /tmp/tcw-$UID/a/b; echo x >/tmp/tcw-$UID/a/b/f; cd /tmp/tcw-$UID; chmod 000 a/b a .",
  ],
  [
    "directories that cannot be written to",
    "mkdir -p /tmp/tcw-$UID/a; echo x >/tmp/tcw-$UID/a/f; cd /tmp/tcw-$UID; chmod 500 a .",
  ],
  ["a tree of 2,000 levels", `mkdir /tmp/tcw-$UID; cd /tmp/tcw-$UID; ${deep("d", 493)}`],
  ["odd names", `mkdir /tmp/tcw-$UID; cd /tmp/tcw-$UID; touch -- -rf '*' '"' $'a\\nb' $'\\xff\\xfe' ' ' $'\\e[31m'`],
  ["links to what others own", "ln -s /etc/passwd /tmp/tcw-$UID; ln -s / /var/tmp/tcw-$UID; mkfifo /tmp/tcwp-$UID"],
  [
    "something that is moved over and over",
    "mkdir /tmp/tcw-$UID; cd /tmp; (while :; do mv tcw-$UID tcwm-$UID; mv tcwm-$UID tcw-$UID; done) >/dev/null 2>&1 & disown",
  ],
  ["10,000 files", "mkdir /tmp/tcw-$UID; cd /tmp/tcw-$UID; seq 10000 | xargs touch"],
];

suite("The end of a task user leaves nothing of", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const cases = [
    ...home.map((each) => [...each, "its home"] as const),
    ...shared.map((each) => [...each, "the shared places"] as const),
  ];

  for (const [what, lines, where] of cases) {
    test(`${what}, in ${where}`, async (t) => {
      const { client, user } = await fixture.clientWithUser(t);
      const { exited, output } = await client.run(user.user, bash(lines));
      assert.deepEqual([exited.code, output], [0, ""]);
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, gone.left], ["gone", nothing]);
      assert.equal(gone.found.shared, gone.removed.shared);
      assert.equal(gone.found.shared > 0, where === "the shared places");
      assert.deepEqual(ownedBy(user.uid), []);
    });
  }
});
