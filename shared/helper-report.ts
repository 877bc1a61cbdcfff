/** `status.json`: what a helper says of itself in the file that everybody can read. */
import { fieldsOfJson } from "./json-fields.ts";

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
  /** dscl's exit status at the newest deletion of a record; null before the first. */
  readonly lastDeletionExit: number | null;
}

const numbers = ["pid", "protocol", "lastHello", "live", "resting", "quarantined"] as const;

/** Null for what cannot be understood. A newer helper may say more. */
export function parseHelperReport(text: string): HelperReport | null {
  const fields = fieldsOfJson(text);
  if (!fields) return null;
  const number = (name: (typeof numbers)[number]): number => {
    const found = fields.get(name);
    return typeof found === "number" ? found : Number.NaN;
  };
  const [version, agent, exit] = [fields.get("version"), fields.get("agent"), fields.get("lastDeletionExit") ?? null];
  if (typeof version !== "string" || typeof agent !== "boolean") return null;
  if (numbers.some((name) => Number.isNaN(number(name)))) return null;
  if (exit !== null && typeof exit !== "number") return null;
  const [pid, protocol, lastHello] = [number("pid"), number("protocol"), number("lastHello")];
  const [live, resting, quarantined] = [number("live"), number("resting"), number("quarantined")];
  return { pid, version, protocol, agent, lastHello, live, resting, quarantined, lastDeletionExit: exit };
}
