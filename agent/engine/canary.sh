# Constant lines of bash (macOS has 3.2) that run as a task user before its task does. What a task must not be able to do
# is tried for real. Each line printed is one thing that could be done; `over` is the last. Exit 0: there was none.
# Arguments:
#   UID AGENT_PID SOCKET PRIVATE...   (the agent's own files and directories, and those of other task users)
uid=$1 agent=$2 socket=$3
shift 3
status=0
found() {
  echo "$1"
  status=1
}

[[ $UID == "$uid" && $EUID == "$uid" && ${GROUPS[*]} == "$uid" ]] || found "has the ids $UID $EUID, groups ${GROUPS[*]}"
if [[ -r /proc/self/status ]]; then
  while read -r key a b c _; do
    case $key in Uid: | Gid:) [[ "$a $b $c" == "$uid $uid $uid" ]] || found "has the saved ids $key $a $b $c" ;; esac
    [[ $key == Gid: ]] && break # Each line is another read of the file.
  done </proc/self/status
else
  ids=$(ps -o ruid= -o svuid= -o rgid= -o svgid= -p $$)
  [[ $(echo $ids) == "$uid $uid $uid $uid" ]] || found "has the saved ids $ids"
fi
for fd in /dev/fd/*; do
  # What the glob itself had open is closed by now.
  case ${fd##*/} in 0 | 1 | 2 | '*') ;; *) [[ -e $fd ]] && found "has the open descriptor ${fd##*/}" ;; esac
done
kill -0 "$agent" 2>/dev/null && found "can signal the agent, process $agent"
# A connection needs the right to write to the socket, and to search each directory above it.
[[ -w $socket ]] && found "can connect to $socket"
cd "${socket%/*}" 2>/dev/null && found "can enter ${socket%/*}"
for path; do
  { : <"$path"; } 2>/dev/null && found "can read $path"
  [[ -w $path ]] && found "can write to $path"
  cd "$path" 2>/dev/null && found "can enter $path"
done
echo over
exit $status
