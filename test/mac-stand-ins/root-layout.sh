# To be sourced by bash, in private mount, pid and IPC namespaces: makes a root directory that looks like a Mac's in the empty
# directory $root, from $checkout, and enters it. All of it goes with the namespaces. $layer, where it is set, has bin and sbin
# with programs that come before those here.
set -euo pipefail
umask 022
mount --make-rprivate /
mount -t tmpfs -o mode=0755,size=20g mac "$root"
cd "$root"

# Linux's own programs lie in real/usr; those that a stand-in covers are found there by it.
mkdir -p real/usr usr layer/bin layer/sbin proc dev
mount --bind /usr real/usr
here=$checkout/test/mac-stand-ins
cp "$here/program" layer/program
chmod 755 layer/program
for program in ps id find rm chmod cat tr wc awk mount chflags sw_vers hdiutil crontab at atq atrm ipcs ipcrm lpstat cancel \
  dscl launchctl getconf; do
  ln layer/program "layer/bin/$program"
done
ln layer/program layer/sbin/umount
mount -t overlay mac -o "lowerdir=${layer:+$layer:}$root/layer:/usr" usr
for link in bin sbin lib lib64; do ln -s "usr/$link" "$link"; done
mount -t proc proc proc
mount --rbind /dev dev

# Apple's layout: /etc, /tmp and /var are links.
mkdir -p private/etc private/var/{db,mail,folders/zz,at,stand-ins/{tabs,jobs,prints,dscl}} Users/Shared \
  private/{tmp,var/tmp} Library/{Caches,Logs/DiagnosticReports} "Library/Application Support" cores
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

