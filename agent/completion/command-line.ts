/** What can stand on a command line, as the scripts for shells need it. */
import type { Grammar } from "../../shared/grammar.ts";

/** What a shell offers for a value: one of a few words, a path, or nothing that it could know. */
export type Offer =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" | "directory" | "anything" };

export interface Flag {
  /** As typed: `--logging-level`, and `-l` where there is one. */
  readonly long: string;
  readonly short?: string;
  readonly help: string;
  /** Absent: it takes no value. */
  readonly value?: { readonly name: string; readonly offer: Offer };
}

export interface Operand {
  readonly name: string;
  /** Any number of them may follow. */
  readonly often: boolean;
  readonly offer: Offer;
}

export interface CommandLine {
  readonly command: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  readonly operands: readonly Operand[];
}

/** In place of a command. */
export const programFlags: readonly Flag[] = [
  { long: "--help", short: "-h", help: "list the commands" },
  { long: "--version", help: "print the version" },
  { long: "--short-version", help: "print the version alone" },
];

const helpFlag: Flag = { long: "--help", short: "-h", help: "tell more about this command" };

function offerFor(name: string, choices: Grammar["choices"]): Offer {
  const words = choices?.[name] ?? (name.includes("|") ? name.split("|") : undefined);
  if (words) return { kind: "words", words };
  if (name === "DIR") return { kind: "directory" };
  return { kind: name === "FILE" || name === "PATH" ? "file" : "anything" };
}

export function commandLinesOf(
  commands: Readonly<Record<string, { readonly grammar: Grammar; readonly summary: string }>>,
): CommandLine[] {
  return Object.values(commands).map(({ grammar: { command, operands, options, choices }, summary }) => ({
    command,
    summary,
    flags: [
      ...Object.entries(options).map(([name, { short, value, help }]) => ({
        long: `--${name}`,
        help,
        ...(short !== undefined && { short: `-${short}` }),
        ...(value !== undefined && { value: { name: value, offer: offerFor(value, choices) } }),
      })),
      helpFlag,
    ],
    operands: operands.map((written) => {
      const name = written.replace("…", "");
      return { name, often: name !== written, offer: offerFor(name, choices) };
    }),
  }));
}
