/** Completion for zsh, by its own `_arguments`. */
import { type CommandLine, type Flag, type Offer, type Operand, programFlags } from "./command-line.ts";

/** For a part of a specification, in which brackets and colons have a meaning. */
const plain = (text: string): string => text.replaceAll(/[\\[\]:]/g, "\\$&");

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function actionFor(offer: Offer): string {
  switch (offer.kind) {
    case "words":
      return `(${offer.words.join(" ")})`;
    case "file":
      return "_files";
    case "directory":
      return "_directories";
    case "anything":
      return " ";
  }
}

function flagSpecs({ long, short, help, value }: Flag): string[] {
  const names = short ? [long, short] : [long];
  return names.map((name) => {
    const others = names.length > 1 ? `(${names.join(" ")})` : "";
    const after = value ? `:${plain(value.name)}:${actionFor(value.offer)}` : "";
    const equals = value && name.startsWith("--") ? "=" : "";
    return quoted(`${others}${name}${equals}[${plain(help)}]${after}`);
  });
}

function operandSpec({ name, often, offer }: Operand, index: number): string {
  return quoted(`${often ? "*" : index + 1}:${plain(name)}:${actionFor(offer)}`);
}

function commandCase({ command, flags, operands }: CommandLine): string[] {
  const specs = [...flags.flatMap(flagSpecs), ...operands.map(operandSpec)];
  return [
    `    ${command})`,
    ...["_arguments -S", ...specs].map((spec, index) => `      ${index > 0 ? "  " : ""}${spec} \\`),
  ]
    .concat("      ;;")
    .map((line, index, all) => (index === all.length - 2 ? line.replace(/ \\$/, "") : line));
}

/** A script that may be sourced, or lie as `_taskcluster-worker` in a folder of `fpath`. */
export function zshScript(lines: readonly CommandLine[]): string {
  const list = lines.map(
    ({ command, summary }) => `      ${quoted(`${plain(command)}:${summary.replaceAll("\\", "\\\\")}`)}`,
  );
  return `#compdef taskcluster-worker
# taskcluster-worker in zsh, as \`taskcluster-worker completion zsh\` prints it.

_taskcluster_worker() {
  local curcontext=$curcontext state line ret=1
  local -a commands
  typeset -A opt_args
  _arguments -C \\
${programFlags
  .flatMap(flagSpecs)
  .map((spec) => `    ${spec.replace(/^'(\([^)]*\))?/, "'(- *)")} \\`)
  .join("\n")}
    '1: :->command' \\
    '*:: :->rest' && ret=0
  case $state in
    command)
      commands=(
${list.join("\n")}
      )
      _describe -t commands command commands && ret=0
      ;;
    rest) _taskcluster_worker_command && ret=0 ;;
  esac
  return ret
}

# The line begins with the command here.
_taskcluster_worker_command() {
  case $words[1] in
${lines.flatMap(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] = _taskcluster-worker ]]; then
  _taskcluster_worker "$@"
else
  # A Mac's zsh has completion only where somebody has started it. -i: nothing from folders that others can write to.
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
  compdef _taskcluster_worker taskcluster-worker
fi
`;
}
