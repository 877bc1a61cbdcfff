/** `install`, `upgrade` and `uninstall`. */
import type { Arguments } from "../arguments.ts";
import { Refusal, type Status, status } from "../refusal.ts";

function refuseElsewhere(): void {
  if (process.platform === "darwin") return;
  throw new Refusal(
    status.usage,
    "an installation is for macOS; on Linux, for development, use run-task or work --with-helper",
  );
}

export async function install(_given: Arguments): Promise<Status> {
  refuseElsewhere();
  return status.internal;
}

export const upgrade = install;
export const uninstall = install;
