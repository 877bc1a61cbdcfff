# Constant lines of bash (macOS has 3.2) that every process of a task user begins with. The helper's Node has already
# done setsid, setgroups, setgid and setuid; nothing here runs as root. Arguments:
#   UID PROCESSES FILES UMASK CWD RELAY ARGV...
# Descriptor 3 is the helper: it sends quoted `export` lines and a NUL, and is told how the command ended.
unset NODE_OPTIONS
for fd in /dev/fd/*; do
  fd=${fd##*/}
  case $fd in 0 | 1 | 2 | 3) ;; *) eval "exec $fd>&-" ;; esac
done 2>/dev/null
if [[ $UID != "$1" || $EUID != "$1" || ${GROUPS[*]} != "$1" ]]; then
  printf 'not-the-user\n' >&3
  exit 126
fi
# Both limits at once. One that cannot be set because the machine's own is lower already is as good.
{ ulimit -c 0 && umask "$4"; } || exit 126
ulimit -n "$3" 2>/dev/null || [[ $(ulimit -H -n) != unlimited ]] || exit 126
ulimit -u "$2" 2>/dev/null || [[ $(ulimit -H -u) != unlimited ]] || exit 126
# The relay is born with these ignored: `kill 0` in a task would lose its last lines else.
trap '' HUP INT QUIT TERM
if [[ $6 == relay ]]; then
  # Linux refuses to open a socket through /dev/stdout, so a pipe stands before it.
  exec 1> >(exec /bin/cat 3>&-)
fi
IFS= read -r -d '' -u 3 exports || exit 126
# A signal to the group is the command's to die of; this shell stays to report. A child does not inherit a handler.
trap : HUP INT QUIT TERM
cd -- "$5" 2>/dev/null || {
  printf 'no-cwd\n' >&3
  exit 126
}
shift 6
unset SHLVL OLDPWD fd
eval "unset exports; $exports" 2>/dev/null
case $1 in
  */*) [[ -f $1 && -x $1 ]] ;;
  # By its path: a builtin of the same name would run in this shell, which holds descriptor 3.
  *) type -P -- "$1" >/dev/null && set -- "$(type -P -- "$1")" "${@:2}" ;;
esac || {
  printf 'cannot-start\n' >&3
  exit 127
}
# What this shell says of a killed command is no part of its output. 3 is closed for it: else it could forge the report.
exec 4>&1 2>/dev/null
"$@" 1>&4 2>&4 3>&- 4>&-
code=$?
LC_ALL=C
printf 'exit %s\n' "$code" >&3
times >&3
exit 0
