/**
 * What the installer runs as root before and after it puts the files of a package in place. Each program by its absolute
 * path, and ours with an environment that holds nothing of the installer's.
 */
import { join } from "node:path";
import { shellWord } from "../../shared/shell-word.ts";
import type { Layout } from "../layout.ts";

/** One argument of `install` on each line, put there by root before the first package of a Mac: an installation unattended. */
export function optionsFile(layout: Layout): string {
  return join(layout.support, "install-options");
}

/** What an earlier package has left would be foreign to this one's manifest. */
export function renderPreinstall(layout: Layout): string {
  return `#!/bin/sh
set -eu
if [ "\${3:-/}" != / ]; then
  echo 'taskcluster-worker: it can be installed on the volume that this Mac runs from only' >&2
  exit 1
fi
/bin/rm -rf ${shellWord(layout.package)}
`;
}

export function renderPostinstall(layout: Layout): string {
  const program = shellWord(join(layout.package, "taskcluster-worker"));
  return `#!/bin/sh
set -eu
run() {
  /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C ${program} "$@"
}
if [ -e ${shellWord(layout.receipt)} ]; then
  run upgrade
elif [ -f ${shellWord(optionsFile(layout))} ]; then
  set --
  while IFS= read -r word || [ -n "$word" ]; do
    [ -z "$word" ] || set -- "$@" "$word"
  done <${shellWord(optionsFile(layout))}
  run install "$@"
else
  echo ${shellWord(`taskcluster-worker: the files are there; now say which account it runs as: sudo ${program} install --help`)}
fi
`;
}
