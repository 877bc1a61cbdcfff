#!/bin/bash
# Makes a machine that looks like a Mac on which nothing is installed, with an account `ci` that is logged in, in the private
# mount, pid and IPC namespaces that it was started in. Arguments: EMPTY-DIRECTORY CHECKOUT NODE
set -euo pipefail
root=$1/root layer=$1/layer checkout=$2 node=$3
own=$checkout/test/launchd/life
mkdir "$root" "$layer" "$layer/bin" "$layer/sbin"
cp "$own/tool" "$layer/tool"
chmod 755 "$layer/tool"
for tool in launchctl codesign defaults fdesetup pmset sw_vers vm_stat stat; do ln "$layer/tool" "$layer/bin/$tool"; done
for tool in diskutil dseditgroup pkgutil sysadminctl; do ln "$layer/tool" "$layer/sbin/$tool"; done
source "$checkout/test/mac-stand-ins/root-layout.sh"

# Homes on a volume of their own, and the screen is that of `ci`.
mount -t tmpfs -o mode=0755,size=20g homes Users
mkdir -m 1777 Users/Shared
mkdir -p Library/{LaunchDaemons,LaunchAgents,PrivilegedHelperTools} private/etc/newsyslog.d
# Linux's own lock of accounts, which dscl's stand-in takes.
(umask 077 && touch private/etc/.pwd.lock)
# Accounts of what runs outside meanwhile.
sed -i -E '/^(tcw-|_tcworker:)/d' private/etc/{passwd,group,shadow,gshadow}
echo 'ci:x:501:501::/Users/ci:/bin/bash' >>private/etc/passwd
echo 'ci:x:501:' >>private/etc/group
mkdir -p "Users/ci/Library/Application Support"
chmod 750 Users/ci
chown -R 501:501 Users/ci
mkdir -p private/var/stand-ins/launchd opt/node/bin opt/checkout opt/releases
touch opt/console private/etc/kcpassword
chown 501 opt/console
mount --bind opt/console dev/console
# For launchctl's stand-in. Nothing that is installed uses it.
mount --bind "$checkout" opt/checkout
cp "$node" opt/node/bin/node
cp "$own/mac.cjs" opt/mac.cjs
mount --bind "$1/releases" opt/releases
chown -R 0:0 opt/node opt/mac.cjs

# bash stays as process 1, as launchd does, to reap what is nobody's child.
exec chroot . /bin/bash -c 'echo ready; while read -r line; do :; done'
