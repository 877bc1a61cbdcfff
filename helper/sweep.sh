# Constant lines of bash that a task user's end runs as that user, constant environment, cwd /. Arguments:
#   NAME UID HOME...   every HOME is emptied; the directory itself is left for root to rmdir.
# Looks, removes, looks again. docs/residue.md says what is looked at, and what cannot be. Prints:
#   found N    things of this user: files in shared places, IPC objects, cron, at and print jobs, mounts, mail
#   set-id N   how many of the files were set-uid or set-gid
#   reports N  crash reports that are its own, which it may not be able to remove
#   left N     what is still there
#   looked     only when every look could be made, and no cron or at job can have begun something meanwhile
name=$1 uid=$2
shift 2
set -o pipefail
mac=
[[ -x /usr/bin/sw_vers ]] && mac=yes
if [[ -n $mac ]]; then
  places=(/private/tmp /private/var/tmp /private/var/mail /Users/Shared /Library/Caches /cores)
else
  places=(/tmp /var/tmp /var/mail /dev/shm /dev/mqueue /run/lock /var/crash)
fi
shared=()
for place in "${places[@]}"; do
  # The agent's own files there are artifacts that somebody asked for: they stay.
  [[ $name == tcw-* && -d $place && ! -h $place ]] && shared+=("$place")
done
# In a directory of root's: this user can empty it, not remove it.
mailbox=${mac:+/private}/var/mail/$name

# A tool's answer. 1 is one as well: no crontab, a directory that find may not enter. Anything else: it could not look.
ask() {
  "$@" 2>/dev/null
  (($? < 2))
}
# find, over all that the user owns in shared places. What is its own of /var/folders are the things in a leaf; the leaf
# itself lies in a directory of root's and stays.
owned() {
  ((${#shared[@]})) || return 0
  ask find "${shared[@]}" -xdev -user "$uid" ! -path "$mailbox" "$@" || return
  [[ -z $mac ]] || ask find /private/var/folders -xdev -mindepth 3 -user "$uid" "$@"
}
# One line for each, whatever is in its name. Only counted.
files() {
  owned "$@" -print0 | tr '\n\0' '\0\n'
}
# Owner or creator: the owner of an object can be changed.
ipc() {
  if [[ -n $mac ]]; then
    ask ipcs -m -q -s -c | awk -v n="$name" '$1 ~ /^[mqs]$/ && ($5 == n || $7 == n) { print $1, $2 }'
  elif [[ -e /proc/sysvipc/shm ]]; then
    awk -v u="$uid" 'FNR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; k = substr(FILENAME, 15, 2); next }
      $column["uid"] == u || $column["cuid"] == u { print k == "sh" ? "m" : k == "se" ? "s" : "q", $2 }' \
      /proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg
  fi
}
timed() {
  if [[ -x /usr/bin/crontab ]]; then
    /usr/bin/crontab -l >/dev/null 2>&1
    case $? in 0) echo cron ;; 1) ;; *) return 1 ;; esac
  fi
  [[ ! -x /usr/bin/atq ]] || ask /usr/bin/atq
}
# Without a printer nothing prints, and the scheduler need not be started to be asked.
printing() {
  [[ -x /usr/bin/lpstat ]] && compgen -G '/etc/cups/ppd/*' >/dev/null || return 0
  ask /usr/bin/lpstat -u "$name"
}
mounts() {
  ask mount | while read -r line; do
    at=/${line#* on /}
    if [[ -n $mac ]]; then at=${at% (*}; else at=${at% type *}; fi
    case ", ${line##*\(}" in *", mounted by $name"[,\)]* | *",user_id=$uid,"*) echo "$at" && continue ;; esac
    for home in "$@"; do
      case $at in "$home"/*) echo "$at" ;; esac
    done
  done
}
things() {
  files && ipc && timed && printing && mounts "$@" && { [[ ! -s $mailbox ]] || echo mail; }
}

sure=yes
# Prints WORD and the number of lines that a look prints, which is left in n.
count() {
  local word=$1
  shift
  n=$("$@" | wc -l) && echo "$word $((n))" || sure=
}

count found things "$@"
found=$n
if ((found)); then
  [[ -z $(timed) ]] || sure=
  count set-id files -type f \( -perm -4000 -o -perm -2000 \)
  {
    [[ -x /usr/bin/crontab ]] && /usr/bin/crontab -r
    [[ -x /usr/bin/atq ]] && /usr/bin/atq | while read -r job rest; do /usr/bin/atrm "$job"; done
    [[ -n $(printing) ]] && /usr/bin/cancel -u "$name" -a
    [[ -s $mailbox ]] && : >"$mailbox"
    ipc | while read -r kind id; do ipcrm "-$kind" "$id"; done
    mounts "$@" | while IFS= read -r at; do
      if [[ -n $mac ]]; then
        /usr/bin/hdiutil detach -force "$at" || /sbin/umount -f "$at"
      else
        fusermount3 -u -z "$at" || fusermount -u -z "$at"
      fi
    done
  } >/dev/null 2>&1
fi
# Modes, flags and ACLs of the user's own can keep it from removing its files.
openers=("chmod -R u+rwx")
[[ -n $mac ]] && openers+=("/usr/bin/chflags -R nouchg,nouappnd" "/bin/chmod -RN" "chmod -R u+rwx")
{
  for tool in "${openers[@]}"; do
    ((found)) && owned ! -type l -prune -exec $tool {} +
    (($#)) && $tool "$@"
  done
  if ((found)); then
    owned -delete
    owned -exec rm -rf -- {} +
    # What somebody else put into a directory of this user keeps it there: nobody may enter that any more.
    owned -type d -exec chmod 700 {} +
  fi
  for home in "$@"; do
    find "$home" -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +
  done
} >/dev/null 2>&1
if [[ -n $mac ]]; then
  reports() { ask find /Library/Logs/DiagnosticReports -xdev -user "$uid" "$@"; }
  reports -delete
  count reports reports -type f
fi
count left things "$@"
[[ -n $sure ]] && echo looked
