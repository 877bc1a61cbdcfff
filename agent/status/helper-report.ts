/** What a helper says of itself in the file that everybody can read. */
import { readFile } from "node:fs/promises";
import { Ajv } from "ajv";

export interface HelperReport {
  readonly pid: number;
  readonly version: string;
  readonly protocol: number;
  /** Whether an agent is connected. */
  readonly agent: boolean;
  /** When one said hello last, in milliseconds since 1970; 0 for never. */
  readonly lastHello: number;
  /** Task users. */
  readonly live: number;
  readonly resting: number;
  readonly quarantined: number;
}

const number = { type: "number" };
// Not closed: a newer helper may say more.
const isHelperReport = new Ajv().compile<HelperReport>({
  type: "object",
  required: ["pid", "version", "protocol", "agent", "lastHello", "live", "resting", "quarantined"],
  properties: {
    ...{ pid: number, protocol: number, lastHello: number, live: number, resting: number, quarantined: number },
    version: { type: "string" },
    agent: { type: "boolean" },
  },
});

/** Null when there is none that can be understood. */
export async function readHelperReport(path: string): Promise<HelperReport | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isHelperReport(value) ? value : null;
  } catch {
    return null;
  }
}
