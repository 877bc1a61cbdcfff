/** What becomes of each of generic-worker's settings, as Markdown, from the tables that the configuration is read with. */
import { refused, withoutEffect } from "../../agent/config/foreign.ts";
import { settings } from "../../agent/config/settings.ts";
import { defaultConfig } from "../../agent/config.ts";
import { differently, genericWorkerDefaults, notOfTheMac } from "./generic-worker-settings.ts";

export type Fate = "the same" | "no effect" | "refused";

const ours = new Map<string, unknown>(Object.entries(defaultConfig));
const theirs = [...Object.keys(genericWorkerDefaults), ...notOfTheMac];

/** Throws for a name that the configuration does not know. */
export function fateOf(name: string): Fate {
  if (Object.hasOwn(settings, name)) return "the same";
  if (Object.hasOwn(withoutEffect, name)) return "no effect";
  if (Object.hasOwn(refused, name)) return "refused";
  throw new Error(`generic-worker's setting ${name} is in no table of agent/config: say there what becomes of it`);
}

const none = "–";
const show = (value: unknown): string => (value === null || value === "" ? none : JSON.stringify(value));

function remarkOf(name: string, fate: Fate): string {
  const notes = [differently[name], withoutEffect[name]?.why, refused[name]];
  const [there, here] = [show(genericWorkerDefaults[name]), show(ours.get(name))];
  if (fate === "the same" && there !== here && here !== none) notes.unshift(`the default here: ${here}`);
  return notes.filter((note) => note !== undefined).join("; ");
}

export function migrationTable(): string {
  const rows = theirs.map((name) => {
    const fate = fateOf(name);
    const there = Object.hasOwn(genericWorkerDefaults, name) ? show(genericWorkerDefaults[name]) : "not on a Mac";
    return `| ${name} | ${there} | ${fate} | ${remarkOf(name, fate)} |`;
  });
  return ["| setting | default there | here | |", "|---|---|---|---|", ...rows].join("\n");
}

/** Settings that only this worker has. */
export function ownSettings(): string[] {
  return Object.keys(settings).filter((name) => !theirs.includes(name));
}

export function ownSettingsLine(): string {
  return `\`${ownSettings().join(" ")}\``;
}

/** Names that agent/config has as generic-worker's and that are not in our list of those. */
export function unlisted(): string[] {
  return [...Object.keys(withoutEffect), ...Object.keys(refused)].filter((name) => !theirs.includes(name));
}
