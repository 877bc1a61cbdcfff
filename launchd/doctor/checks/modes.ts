/** The modes of what root keeps: some is for everybody to read, some for nobody. */
import type { Check } from "../check.ts";
import { type Finding, fail, pass, together, warn } from "../finding.ts";
import type { Machine } from "../machine.ts";
import type { Paths } from "../subject.ts";
import { chmod } from "./fixes.ts";

interface Wanted {
  readonly path: string;
  readonly mode: number;
}

/** What nobody but root may look into. */
function closed({ privateState, places, receipt }: Paths): Wanted[] {
  return [
    { path: privateState, mode: 0o700 },
    { path: places.private, mode: 0o700 },
    { path: `${places.logs}/audit.log`, mode: 0o600 },
    { path: receipt, mode: 0o600 },
  ];
}

/** What others must be able to look into. */
function open({ stateRoot, places }: Paths): Wanted[] {
  return [
    { path: stateRoot, mode: 0o755 },
    { path: places.state, mode: 0o755 },
    { path: places.status, mode: 0o644 },
  ];
}

const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

function tooOpen(machine: Machine, { path, mode }: Wanted): Finding {
  const found = machine.look(path)?.mode ?? mode;
  if ((found & 0o077) === 0) return pass(path);
  return fail(`others than root reach ${path} (mode ${octal(found)})`, chmod(mode, path));
}

function tooClosed(machine: Machine, { path, mode }: Wanted): Finding {
  const found = machine.look(path)?.mode ?? mode;
  if ((found & mode) === mode) return pass(path);
  return warn(`the agent and status cannot read ${path} (mode ${octal(found)})`, chmod(mode, path));
}

export const modes: Check = {
  id: "modes",
  title: "modes of the helper's state and logs",
  why: "The journal, the audit log and the locks are root's: who could write or lock them could hide a user from its end.",
  remedy: "`sudo chmod 0700 PATH` (or the mode that is named)",
  needsRoot: true,
  probe({ machine, paths }) {
    const findings = [
      ...closed(paths).map((wanted) => tooOpen(machine, wanted)),
      ...open(paths).map((wanted) => tooClosed(machine, wanted)),
    ];
    return together(findings, "journal, audit log and locks are closed, status.json can be read");
  },
};
