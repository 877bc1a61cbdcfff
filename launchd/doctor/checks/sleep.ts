/** Whether the machine stays awake, and comes back. */
import type { Check } from "../check.ts";
import { type Finding, fail, pass, together, warn } from "../finding.ts";
import { outputOf } from "../machine.ts";
import { sudo } from "./fixes.ts";

/** The settings in use: ` sleep                1 (sleep prevented by caffeinate)`. */
function settingsOf(text: string): ReadonlyMap<string, string> {
  const rows = [...text.matchAll(/^ +([A-Za-z ]+?) +(-?\d+)\b/gm)];
  return new Map(rows.map(([, name = "", value = ""]) => [name.toLowerCase(), value]));
}

export const sleep: Check = {
  id: "sleep",
  title: "the machine never sleeps, and starts again after a power failure",
  why: "A Mac that sleeps loses its claims: the queue gives the tasks to another worker, and they begin anew.",
  remedy: "`sudo pmset -a sleep 0 disksleep 0`, `sudo pmset -a autorestart 1`",
  unsure: "a model without a setting does not list it, which then passes",
  only: "darwin",
  async probe({ machine }) {
    const output = await outputOf(machine, "/usr/bin/pmset", ["-g", "custom"]);
    if (!output.ok) return warn(`the settings are not told: ${output.why}`, "pmset -g custom");
    const settings = settingsOf(acPower(output.text));
    const value = (name: string): string | undefined => settings.get(name);
    if (value("sleep") === undefined) return warn("pmset lists no setting for sleep", "pmset -g custom");
    const findings: Finding[] = [
      value("sleep") === "0"
        ? pass("sleep")
        : fail(`it sleeps after ${value("sleep")} min`, sudo("pmset", "-a", "sleep", "0", "disksleep", "0")),
      value("autorestart") === "0"
        ? warn("it stays off after a power failure", sudo("pmset", "-a", "autorestart", "1"))
        : pass("autorestart"),
    ];
    return together(findings, "sleep 0");
  },
};

/** Of a notebook, the half that counts while it is plugged in. */
function acPower(text: string): string {
  return text.split(/^AC Power:$/m)[1]?.split(/^\S.*:$/m)[0] ?? text;
}
