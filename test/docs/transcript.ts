/**
 * docs/first-run.cast: what `npm start` prints, in the form of asciinema (asciicast 2), recorded from a real run as root:
 * `node test/docs/transcript.ts`, then `node test/docs/generate.ts` for the part of it in the README. What differs from run
 * to run and from machine to machine is replaced.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root, textOf } from "./pages.ts";

export const castFile = "docs/first-run.cast";
const command = "./taskcluster-worker run-task examples/hello.yml";
const shownLines = 10;

interface Line {
  /** Seconds since the start. */
  readonly at: number;
  readonly text: string;
}

/** Runs the first commands of the README, as root. Rejects unless all tasks complete and are proven gone. */
export async function record(): Promise<Line[]> {
  const [file = "", ...argv] = command.split(" ");
  const begun = performance.now();
  const lines: Line[] = [{ at: 0, text: `$ sudo ${command}` }];
  const child = spawn(file, argv, { cwd: root, env: { PATH: "/usr/bin:/bin" }, stdio: ["ignore", "pipe", "pipe"] });
  // As a terminal has them: both streams, in the order in which they come.
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (text) => lines.push({ at: (performance.now() - begun) / 1000, text }));
  }
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (exit === 0) return lines;
  throw new Error(`${command} ended with ${exit}: ${lines.map(({ text }) => text).join("\n")}`);
}

/** The same name, uid and id for the task of a number in every run. */
function replacements(texts: readonly string[]): Map<string, string> {
  const known = new Map<string, string>();
  for (const text of texts) {
    const [, n = "", name = "", uid = ""] =
      /^task (\d): runs as the task user (tcw-\w{8}), uid (\d+)$/.exec(text) ?? [];
    if (n !== "") known.set(name, `tcw-${"abc".charAt(Number(n) - 1).repeat(8)}`).set(uid, `550${n}`);
    const [, of = "", id = ""] = /^(\d)\| .*\bTask ID: ([\w-]{22})$/.exec(text) ?? [];
    if (of !== "") known.set(id, `${of}`.repeat(22));
  }
  return known;
}

/** The lines as they are in every run, but for their order between tasks. */
export function normalised(texts: readonly string[]): string[] {
  const known = replacements(texts);
  return texts.map((text) =>
    text
      .replaceAll(/tcw-\w{8}|(?<![\w-])[\w-]{22}(?![\w-])|\b55\d\d\b/g, (word) => known.get(word) ?? word)
      .replace(/\[taskcluster \d{4}-\d\d-\d\dT[\d:.]+Z\]/, "[taskcluster 2026-01-01T00:00:00.000Z]")
      .replace(/http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//, "http://127.0.0.1:8080/SECRET/")
      .replace(/\/bin\/kill: \(\d+\)/, "/bin/kill: (4711)")
      .replace(/^(.* (?:Time|Memory(?: Used)?|Duration): ).*$/, "$1…")
      .replace(/^(.*"(?:system|arch)": ").*(",?)$/, "$1…$2")
      .replace(
        /\d+ process(?:es)? outlived the last command and (?:was|were) killed/,
        "processes outlived the last command and were killed",
      ),
  );
}

/** Of a cast's text: its lines. */
export function linesOf(cast: string): string[] {
  const [, ...events] = cast.trimEnd().split("\n");
  return events.map((event) => {
    const [, , text]: [number, string, string] = JSON.parse(event);
    return text.trimEnd();
  });
}

/** What the README shows: the end, without the worker's own lines in the tasks' logs. */
export function endOf(lines: readonly string[]): string[] {
  return lines.filter((text) => !/^\d\| \[taskcluster /.test(text)).slice(-shownLines);
}

export const transcriptBlock = (): string => `\`\`\`\n${endOf(linesOf(textOf(castFile))).join("\n")}\n\`\`\``;

function castOf(lines: readonly Line[]): string {
  const texts = normalised(lines.map(({ text }) => text));
  const width = Math.max(...texts.map((text) => text.length));
  const header = { version: 2, width, height: 40, title: command };
  const events = lines.map(({ at }, index) => [Number(at.toFixed(1)), "o", `${texts[index]}\r\n`]);
  return `${[header, ...events].map((row) => JSON.stringify(row)).join("\n")}\n`;
}

if (import.meta.main) writeFileSync(join(root, castFile), castOf(await record()));
