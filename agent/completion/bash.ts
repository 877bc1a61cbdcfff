/**
 * Completion for bash, also for the 3.2 of macOS: no associative arrays, no `mapfile`, no `compopt`. Without the last a
 * function cannot say that its words are file names, so for a path it offers nothing, and `-o default` lets readline do it.
 */
import { type CommandLine, type Flag, type Offer, programFlags } from "./command-line.ts";

/** `--long/-s`: who has given the one is not offered the other. */
const namesOf = (flags: readonly Flag[]): string =>
  flags.map(({ long, short }) => (short ? `${long}/${short}` : long)).join(" ");

const wordsOf = (offer: Offer): string => (offer.kind === "words" ? offer.words.join(" ") : "");

function valueCases(flags: readonly Flag[]): string[] {
  return flags.flatMap(({ long, short, value }) =>
    value ? [`        ${short ? `${short} | ` : ""}${long}) values="${wordsOf(value.offer)}" takes=1 ;;`] : [],
  );
}

/** What one command has: its flags, whether a flag takes a value and which, and what its operands can be. */
function commandCase({ command, flags, operands }: CommandLine): string[] {
  const values = valueCases(flags);
  const offers = operands.map(({ often, offer }, index) => {
    const counts = often ? "*" : String(index);
    return `        ${counts}) operands="${wordsOf(offer)}" expected=1 ;;`;
  });
  return [
    `    ${command})`,
    `      flags="${namesOf(flags)}"`,
    ...(values.length > 0 ? ["      case $1 in", ...values, "      esac"] : []),
    ...(offers.length > 0 ? ["      case $2 in", ...offers, "      esac"] : []),
    "      ;;",
  ];
}

/** Two functions and the line that binds them to the program's name, wherever it lies. */
export function bashScript(lines: readonly CommandLine[]): string {
  const first = [...lines.map(({ command }) => command), ...programFlags.map(({ long }) => long)];
  return `# taskcluster-worker in bash, as \`taskcluster-worker completion bash\` prints it.

# Sets flags, takes and values (of the flag $1), expected and operands (at the place $2) for the command $3.
_taskcluster_worker_grammar() {
  flags='' values='' takes='' operands='' expected=''
  case $3 in
${lines.flatMap(commandCase).join("\n")}
  esac
}

_taskcluster_worker() {
  local IFS=$' \\t\\n'
  local flags values takes operands expected
  local word=\${COMP_WORDS[COMP_CWORD]-} command=\${COMP_WORDS[1]-} before='' given=' ' place=0 ended='' at each
  COMPREPLY=()
  if [ "$COMP_CWORD" -le 1 ]; then
    COMPREPLY=($(compgen -W "${first.join(" ")}" -- "$word"))
    return
  fi
  at=2
  while [ "$at" -lt "$COMP_CWORD" ]; do
    each=\${COMP_WORDS[at]-}
    at=$((at + 1))
    # readline takes --flag=value for three words.
    [ "$each" != = ] || continue
    if [ -n "$before" ]; then
      before=''
    elif [ -n "$ended" ]; then
      place=$((place + 1))
    else
      case $each in
        --) ended=1 ;;
        -*)
          given="$given$each "
          _taskcluster_worker_grammar "$each" 0 "$command"
          [ -z "$takes" ] || before=$each
          ;;
        *) place=$((place + 1)) ;;
      esac
    fi
  done
  [ "$word" != = ] || word=''
  _taskcluster_worker_grammar "$before" "$place" "$command"
  if [ -n "$takes" ]; then
    [ -z "$values" ] || COMPREPLY=($(compgen -W "$values" -- "$word"))
    return
  fi
  case $word in
    -*) ;;
    *)
      if [ -n "$expected" ]; then
        [ -z "$operands" ] || COMPREPLY=($(compgen -W "$operands" -- "$word"))
        return
      fi
      ;;
  esac
  [ -z "$ended" ] || return 0
  for each in $flags; do
    case $given in *" \${each%/*} "* | *" \${each#*/} "*) continue ;; esac
    case \${each%/*} in "$word"*) COMPREPLY[\${#COMPREPLY[@]}]=\${each%/*} ;; esac
  done
}

complete -o default -F _taskcluster_worker taskcluster-worker
`;
}
