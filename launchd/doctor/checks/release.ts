/** The installed bytes against the list of them that came with the release. */
import type { Check } from "../check.ts";
import { fail, pass } from "../finding.ts";
import { reinstall } from "./fixes.ts";

/** Named one by one; of more, the number. */
const mostNamed = 3;

export const release: Check = {
  id: "release",
  title: "installed bytes against the release's manifest",
  why: "What was reviewed is what runs, as root too, only as long as nobody has changed a byte of it.",
  remedy: "`sudo ./taskcluster-worker install`, and find out who changed it",
  installed: true,
  timeoutMs: 60_000,
  probe({ machine, paths, installation }) {
    const folder = machine.resolve(paths.current);
    if (folder === null) return fail(`${paths.current} leads nowhere`, reinstall);
    let wrong: readonly string[];
    try {
      wrong = machine.wrongFiles(folder);
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error), reinstall);
    }
    const more = wrong.length > mostNamed ? `; and ${wrong.length - mostNamed} more` : "";
    if (wrong.length > 0) return fail(`${wrong.slice(0, mostNamed).join("; ")}${more}`, reinstall);
    return pass(`version ${installation?.version ?? "unknown"}, every file as its manifest says`);
  },
};
