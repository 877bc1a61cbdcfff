/** The agent's log as messages to worker-runner; on stderr where it takes none. */
import type { DestinationStream } from "pino";
import { record } from "../config/kinds.ts";
import type { RunnerLink } from "./runner-link.ts";

const LONGEST_TEXT = 64 * 1024;

export class RunnerLog implements DestinationStream {
  readonly #link: RunnerLink;
  readonly #otherwise: (line: string) => void;

  /** `otherwise` gets the lines as they are. */
  constructor(link: RunnerLink, otherwise: (line: string) => void) {
    this.#link = link;
    this.#otherwise = otherwise;
  }

  /** `line` is a JSON object with `msg`, as pino writes it. */
  write(line: string): void {
    const fields: unknown = JSON.parse(line);
    const { msg = "", ...more } = record.is(fields) ? fields : {};
    const textPayload = String(msg).slice(0, LONGEST_TEXT);
    const isLong = line.length > LONGEST_TEXT;
    const body = isLong ? { textPayload, level: more["level"], time: more["time"] } : { textPayload, ...more };
    if (!this.#link.log(body)) this.#otherwise(line);
  }
}
