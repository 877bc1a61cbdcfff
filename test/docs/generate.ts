/** Writes the parts of docs/ that are made from code, between their marks: `node test/docs/generate.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../agent/cli/commands.ts";
import { exitStatusLines } from "../../agent/cli/exit-status.ts";
import { workEnds } from "../../agent/cli/work-ends.ts";
import { schemaFor } from "../../agent/payload/parse.ts";
import { helpLines } from "../../shared/grammar.ts";
import { catalogue } from "../attack/catalogue/catalogue.ts";
import { probes } from "../mac/probes.ts";
import { attacksTable } from "./attacks-table.ts";
import { countsTable, reasonsTable } from "./conformance-tables.ts";
import { checksTable, unsureTable } from "./doctor-tables.ts";
import { commandsMan, exitStatusMan, helperKeysMan, workEndsMan } from "./manual-pages.ts";
import { migrationTable, ownSettingsLine } from "./migration-tables.ts";
import { root, textOf } from "./pages.ts";
import { payloadTable } from "./payload-table.ts";
import { probesTable } from "./probes-table.ts";
import { refusedTable, settingsTable, withoutEffectTable } from "./settings-table.ts";
import { transcriptBlock } from "./transcript.ts";

function commandsText(): string {
  return Object.values(commands)
    .map(
      ({ grammar, summary }) =>
        `### ${grammar.command}\n\n${summary}\n\n\`\`\`\n${helpLines(grammar).join("\n")}\n\`\`\``,
    )
    .join("\n\n");
}

function exitCodesTable(): string {
  const rows = exitStatusLines().map((line) => line.trim().replace(/^(\d+)\s+(.*)$/, "| `$1` | $2 |"));
  return ["| code | meaning |", "|---|---|", ...rows].join("\n");
}

function workEndsTable(): string {
  const rows = Object.values(workEnds).map(({ work, run, meaning }) => `| ${meaning} | ${work} | ${run} |`);
  return ["| it ends with | `work macosx` | `run` |", "|---|---|---|", ...rows].join("\n");
}

/** Page → mark → text. */
export const generated: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "README.md": { transcript: transcriptBlock },
  "docs/cli.md": { commands: commandsText, "exit-codes": exitCodesTable, "work-ends": workEndsTable },
  "docs/configuration.md": { settings: settingsTable, "without-effect": withoutEffectTable, refused: refusedTable },
  "docs/conformance.md": {
    counts: countsTable,
    different: () => reasonsTable("different", "why"),
    "not-yet": () => reasonsTable("not yet", "what is missing"),
    "not-applicable": () => reasonsTable("not applicable", "why"),
  },
  "docs/doctor.md": { checks: checksTable, unsure: unsureTable },
  "docs/known-attacks.md": { attacks: () => attacksTable(catalogue) },
  "docs/man/taskcluster-worker.1": { commands: commandsMan, "exit-status": exitStatusMan, "work-ends": workEndsMan },
  "docs/man/taskcluster-worker-helper.json.5": { keys: helperKeysMan },
  "docs/migrate-from-generic-worker.md": { settings: migrationTable, own: ownSettingsLine },
  "docs/payload.md": {
    "taskcluster-worker": () => payloadTable(schemaFor("taskcluster-worker")),
    "generic-worker": () => payloadTable(schemaFor("generic-worker")),
  },
  "test/mac/README.md": { probes: () => probesTable(probes) },
};

/** A mark of Markdown stands alone between blank lines, which a manual page must not have. */
function marksOf(page: string, mark: string): { begin: string; end: string; gap: string } {
  if (page.endsWith(".md")) return { begin: `<!-- generated:${mark} -->\n`, end: `<!-- end:${mark} -->`, gap: "\n" };
  return { begin: `.\\" generated:${mark}\n`, end: `.\\" end:${mark}\n`, gap: "" };
}

/** The page with its generated parts as they should be. Throws when a mark is missing. */
export function renderPage(page: string): string {
  return Object.entries(generated[page] ?? {}).reduce((text, [mark, make]) => {
    const { begin, end, gap } = marksOf(page, mark);
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${page} has no place marked "${mark}"`);
    return `${text.slice(0, from)}${begin}${gap}${make()}\n${gap}${text.slice(to)}`;
  }, textOf(page));
}

if (import.meta.main) for (const page of Object.keys(generated)) writeFileSync(join(root, page), renderPage(page));
