/** A file as it is, or null where none can be read. */
import { readFileSync } from "node:fs";

export function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
