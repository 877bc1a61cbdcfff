/**
 * Runs a program on a machine of its own, as far as accounts, files and processes go: private pid, mount and ipc
 * namespaces, with throw-away layers over the directories that a helper writes to. A helper without one of its defences
 * can leave what it likes there. Linux, root.
 */
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import type { Readable } from "node:stream";

const layered = ["etc", "var", "home", "root", "tmp"];
/** $0 is the working directory, outside of /run, /mnt and /dev; $@ the program. */
const lines = `
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=0755 private /mnt
for d in ${layered.join(" ")}; do
  mkdir -p /mnt/$d/upper /mnt/$d/work
  chmod --reference=/$d /mnt/$d/upper
  mount -t overlay -o lowerdir=/$d,upperdir=/mnt/$d/upper,workdir=/mnt/$d/work private /$d
done
chmod 0700 /root
mount -t tmpfs -o mode=1777 private /dev/shm
mount -t tmpfs -o mode=0755 private /run
mkdir -m 1777 /run/lock
for d in /var/lib/taskcluster-worker /var/log/taskcluster-worker; do
  mkdir -p $d
  mount -t tmpfs -o mode=0755 private $d
done
# Accounts and graveyards of what runs outside meanwhile: their state is not here.
sed -i -E '/^(tcw-|_tcw)/d' /etc/{passwd,group,shadow,gshadow}
rm -rf /home/.taskcluster-worker-*
cd "$0"
exec "$@"
`;

const unshare = ["/usr/bin/unshare", "-m", "-p", "-f", "-i", "--kill-child", "--mount-proc", "/bin/bash", "-c", lines];

function privateEnv(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  return { ...env, REQUIRE_ROOT: "1" };
}

/** Everything in it dies with the returned process. */
export function startPrivately(cwd: string, argv: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const [file = "", ...words] = unshare;
  return spawn(file, [...words, cwd, ...argv], { env: privateEnv(), stdio: ["ignore", "pipe", "pipe"] });
}

/** The same for a person to see; the program is not the machine's first process, which buries what others leave. Its exit status. */
export function runPrivately(cwd: string, argv: readonly string[]): number {
  const [file = "", ...words] = unshare;
  const first = ["/bin/bash", "-c", '"$@"; exit $?', "bash"];
  const { status } = spawnSync(file, [...words, cwd, ...first, ...argv], { env: privateEnv(), stdio: "inherit" });
  return status ?? 1;
}
