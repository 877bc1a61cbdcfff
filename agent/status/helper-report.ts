/** What a helper says of itself. */
import { readFile } from "node:fs/promises";
import { type HelperReport, parseHelperReport } from "../../shared/helper-report.ts";

/** Null when there is none that can be understood. */
export async function readHelperReport(path: string): Promise<HelperReport | null> {
  const text = await readFile(path, "utf8").catch(() => "");
  return parseHelperReport(text);
}
