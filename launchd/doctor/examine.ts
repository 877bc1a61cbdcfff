/** Asks every check. One that hangs or crashes is a failure of that check, not the end of doctor. */
import type { Check } from "./check.ts";
import { sudo } from "./checks/fixes.ts";
import { type Finding, fail, notHere } from "./finding.ts";
import { DeniedError } from "./machine.ts";
import type { Subject } from "./subject.ts";

const usualTimeoutMs = 30_000;

export interface Examined {
  readonly check: Check;
  readonly finding: Finding;
}

function hindrance(check: Check, { machine, installation, launcher }: Subject): Finding | null {
  if (check.only !== undefined && check.only !== machine.platform) return notHere("not on this platform");
  if (check.installed && !installation) return notHere("nothing is installed here");
  if (check.needsRoot && machine.uid !== 0) return notHere("needs root", sudo(launcher, "doctor"));
  return null;
}

async function ask(check: Check, subject: Subject): Promise<Finding> {
  const { machine, launcher } = subject;
  const report = sudo(launcher, "doctor", "--json");
  const timeoutMs = check.timeoutMs ?? usualTimeoutMs;
  const late = Promise.withResolvers<Finding>();
  const timer = setTimeout(
    () => late.resolve(fail(`the check itself did not end in ${timeoutMs / 1_000} s`, report)),
    timeoutMs,
  );
  try {
    return await Promise.race([(async () => check.probe(subject))(), late.promise]);
  } catch (error) {
    if (error instanceof DeniedError && machine.uid !== 0) {
      return notHere(`needs root: ${error.message}`, sudo(launcher, "doctor"));
    }
    return fail(`the check itself failed: ${error instanceof Error ? error.message : String(error)}`, report);
  } finally {
    clearTimeout(timer);
  }
}

/** One after the other, so that none sees what another makes for a moment. */
export async function examine(checks: readonly Check[], subject: Subject): Promise<Examined[]> {
  const examined: Examined[] = [];
  for (const check of checks) {
    examined.push({ check, finding: hindrance(check, subject) ?? (await ask(check, subject)) });
  }
  return examined;
}
