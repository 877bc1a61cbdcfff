#!/bin/bash
# Makes a root directory that looks like a Mac's, in the private mount, pid and IPC namespaces that it was started in, and
# runs the helper in it. All of it goes with the namespaces. Arguments: EMPTY-DIRECTORY CHECKOUT NODE
set -euo pipefail
root=$1 checkout=$2 node=$3
umask 022
mount --make-rprivate /
mount -t tmpfs -o mode=0755 mac "$root"
cd "$root"

# Linux's own programs lie in real/usr; those that a stand-in covers are found there by it.
mkdir -p real/usr usr layer/bin layer/sbin proc dev opt/checkout/test/mac-stand-ins opt/node/bin
mount --bind /usr real/usr
here=$checkout/test/mac-stand-ins
cp "$here/program" layer/program
chmod 755 layer/program
for program in ps id find rm chmod cat tr wc awk mount chflags sw_vers hdiutil crontab at atq atrm ipcs ipcrm lpstat cancel \
  dscl launchctl getconf; do
  ln layer/program "layer/bin/$program"
done
ln layer/program layer/sbin/umount
mount -t overlay mac -o "lowerdir=$root/layer:/usr" usr
for link in bin sbin lib lib64; do ln -s "usr/$link" "$link"; done
mount -t proc proc proc
mount --rbind /dev dev

# Apple's layout: /etc, /tmp and /var are links.
mkdir -p private/etc private/var/{db,mail,folders/zz,at,stand-ins/{tabs,jobs,prints,dscl}} Users/Shared \
  private/{tmp,var/tmp} Library/{Caches,Logs/DiagnosticReports} "Library/Application Support/taskcluster-worker" cores
for link in etc tmp var; do ln -s "private/$link" "$link"; done
chmod 1777 private/tmp private/var/tmp Users/Shared Library/Caches private/var/stand-ins/{tabs,jobs,prints}
chmod 775 private/var/mail
for file in passwd group shadow gshadow nsswitch.conf ld.so.cache alternatives; do cp -pR "/etc/$file" private/etc/; done
mkdir -p private/etc/cups/ppd private/var/lib/taskcluster-worker
touch private/etc/cups/ppd/office.ppd

# The stand-ins' memory. Every user's programs write to it.
touch private/var/stand-ins/{log,mounts}
touch private/var/stand-ins/blind-finds
chmod 666 private/var/stand-ins/{log,mounts,blind-finds}
cp "$checkout/test/dscl/dscl" private/var/stand-ins/dscl/dscl
chmod 755 private/var/stand-ins/dscl/dscl

# The sources of the helper, as they are.
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
