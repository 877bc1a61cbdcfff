/** How a command line is described: for its parsers, its help and the pages. */

export interface Option {
  /** The placeholder of the option's value, as in `--artifacts DIR`. Absent: a flag without a value. */
  readonly value?: string;
  readonly short?: string;
  readonly help: string;
}

export interface Grammar {
  readonly command: string;
  /** Placeholders in order; those from `optionalFrom` on may be left out, a last one with "…" may be there often. */
  readonly operands: readonly string[];
  readonly optionalFrom?: number;
  readonly options: Readonly<Record<string, Option>>;
  /** All that may stand for a placeholder, where it is little; for completion. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
}

/** The usage line and the options of one command, as lines of help text. */
export function helpLines(grammar: Grammar): string[] {
  const operands = grammar.operands.map((name, index) =>
    index < (grammar.optionalFrom ?? grammar.operands.length) ? ` ${name}` : ` [${name}]`,
  );
  const lines = Object.entries(grammar.options).map(([name, { value, short, help }]) => {
    const left = `${short ? `-${short}, ` : ""}--${name}${value === undefined ? "" : ` ${value}`}`;
    return `  ${left.padEnd(28)}${help}`;
  });
  const options = lines.length > 0 ? " [options]" : "";
  return [`usage: ./taskcluster-worker ${grammar.command}${operands.join("")}${options}`, ...lines];
}
