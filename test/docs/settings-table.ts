/** The agent's settings as Markdown tables. Names of generic-worker that are none of ours stand without marks. */
import { refused, withoutEffect } from "../../agent/config/foreign.ts";
import { settings } from "../../agent/config/settings.ts";
import { defaultConfig } from "../../agent/config.ts";

export function settingsTable(): string {
  const defaults = new Map<string, unknown>(Object.entries(defaultConfig));
  const rows = Object.entries(settings).map(
    ([name, { mustBe, meaning }]) => `| \`${name}\` | ${mustBe} | ${JSON.stringify(defaults.get(name))} | ${meaning} |`,
  );
  return ["| setting | must be | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

export function withoutEffectTable(): string {
  const rows = Object.entries(withoutEffect).map(([name, { kind, silent, why }]) => {
    const values = silent.map((value) => JSON.stringify(value)).join(" ");
    return `| ${name} | ${kind.mustBe} | ${values} | ${why} |`;
  });
  return ["| setting | must be | not worth a word | otherwise it is said that |", "|---|---|---|---|", ...rows].join(
    "\n",
  );
}

export function refusedTable(): string {
  const rows = Object.entries(refused).map(([name, why]) => `| ${name} | ${why} |`);
  return ["| setting | because |", "|---|---|", ...rows].join("\n");
}
