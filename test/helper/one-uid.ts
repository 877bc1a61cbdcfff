/** A configuration of the helper that knows one uid, which is in no range that anything else uses. */
import { join } from "node:path";
import { type Config, readConfig } from "../../helper/config.ts";

export function configOf(uid: number): Config {
  return { ...readConfig(join(import.meta.dirname, "default-config.json")), uidRange: [uid, uid] };
}
