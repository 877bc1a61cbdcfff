#!/bin/bash
# Makes a machine that looks like a Mac, with a helper that runs on it as its sources are. Arguments: EMPTY-DIRECTORY CHECKOUT NODE
root=$1 checkout=$2 node=$3
source "$checkout/test/mac-stand-ins/root-layout.sh"

# The sources of the helper, as they are.
mkdir -p opt/checkout/test/mac-stand-ins opt/node/bin "Library/Application Support/taskcluster-worker"
cp -R "$checkout/helper" opt/checkout/helper
cp -R "$checkout/shared" opt/checkout/shared
cp "$checkout/package.json" opt/checkout/
cp "$here/entry.ts" opt/checkout/test/mac-stand-ins/
cp "$node" opt/node/bin/node
chown -R 0:0 opt
mkdir -p private/var/db/taskcluster-worker/default Library/Logs/taskcluster-worker/default
config="Library/Application Support/taskcluster-worker/helper.json"
echo '{ "uidRange": [5000, 5009], "maxUsers": 4 }' >"$config"

# bash stays as process 1, as launchd does, to reap what is nobody's child.
exec chroot . /bin/bash -c '
  dscl=/private/var/stand-ins/dscl/dscl
  "$dscl" . -create /Groups/_tcworker && "$dscl" . -create /Groups/_tcworker PrimaryGroupID 4900
  env -i /opt/node/bin/node --disable-warning=ExperimentalWarning /opt/checkout/test/mac-stand-ins/entry.ts \
    --instance default --config "/$1" --lifeline <&0 &
  wait "$!"' bash "$config"
