/** Compares what came of a case with what it expects. */
import type { ArtifactRecord, RunStatus } from "../../agent/local/queue.ts";
import type { Expected, ExpectedArtifact } from "./case.ts";
import type { Machine } from "./machine.ts";

/** A run that is over. */
export interface Outcome {
  readonly taskId: string;
  readonly run: RunStatus;
}

/** A text with a slash at both ends is a pattern, whose dots match line ends too. */
function fits(wanted: string, found: string | undefined): boolean {
  const pattern = /^\/(.*)\/$/s.exec(wanted)?.[1];
  return pattern === undefined ? found === wanted : new RegExp(pattern, "s").test(found ?? "");
}

const shown = (text: string | undefined): string => JSON.stringify(text?.slice(0, 300) ?? null);

async function wrongIn(
  machine: Machine,
  taskId: string,
  wanted: ExpectedArtifact,
  found: ArtifactRecord,
): Promise<string[]> {
  const { storage, contentType, contentEncoding, content, expires, reason, message } = wanted;
  const wrong: string[] = [];
  const compare = (what: string, want: string | undefined, got: string | undefined): void => {
    if (want !== undefined && !fits(want, got))
      wrong.push(`${what} of ${found.name} is ${shown(got)}, not ${shown(want)}`);
  };
  compare("the storage type", storage, found.storageType);
  compare("the reason", reason, found.reason);
  compare("the message", message, found.message);
  compare("the expiry", expires, found.expires);
  if (storage === "s3" || storage === "object") {
    compare("the content type", contentType, found.contentType);
    compare("the content encoding", contentEncoding, found.blob?.contentEncoding ?? "identity");
    if (content !== undefined) compare("the content", content, found.blob && (await machine.content(found)).toString());
  }
  // As a reader meets it: redirects followed, headers as the storage sends them.
  if (storage !== "error" && storage !== "reference" && found.name.startsWith("public/")) {
    const answer = await fetch(machine.addressOf(taskId, found.name));
    const text = await answer.text();
    if (answer.status !== 200) wrong.push(`a reader of ${found.name} is answered ${answer.status}`);
    compare("the header content-type", contentType, answer.headers.get("content-type") ?? undefined);
    compare("the header content-encoding", contentEncoding, answer.headers.get("content-encoding") ?? "identity");
    if (content !== undefined) compare("what a reader gets", content, text);
  }
  return wrong;
}

/** A sentence for everything that is not as expected; placeholders are filled in already. `log` is null when nobody asks for it. */
export async function judge(
  machine: Machine,
  expected: Expected,
  outcome: Outcome,
  log: string | null,
): Promise<string[]> {
  const { taskId, run } = outcome;
  const wrong: string[] = [];
  const resolution = `${run.state}/${run.reasonResolved}`;
  const last = log?.trimEnd().split("\n").at(-1);
  if (expected.resolution !== undefined && resolution !== expected.resolution) {
    wrong.push(`it was resolved ${resolution}, not ${expected.resolution}; the log ends with ${shown(last)}`);
  }
  for (const pattern of expected.log ?? []) {
    if (!new RegExp(pattern, "m").test(log ?? ""))
      wrong.push(`nothing in the log matches ${pattern}; it ends with ${shown(last)}`);
  }
  for (const pattern of expected.notInLog ?? []) {
    const found = new RegExp(pattern, "m").exec(log ?? "");
    if (found) wrong.push(`the log has ${shown(found[0])}`);
  }
  const artifacts = machine.artifacts(taskId);
  for (const [name, wanted] of Object.entries(expected.artifacts ?? {})) {
    const found = artifacts.find((artifact) => artifact.name === name);
    if (found) wrong.push(...(await wrongIn(machine, taskId, wanted, found)));
    else wrong.push(`there is no artifact ${name}, but ${artifacts.map((artifact) => artifact.name).join(", ")}`);
  }
  if (expected.noOtherArtifacts) {
    const others = artifacts.map(({ name }) => name).filter((name) => !Object.hasOwn(expected.artifacts ?? {}, name));
    if (others.length > 0) wrong.push(`there are other artifacts: ${others.join(", ")}`);
  }
  if (expected.seconds) {
    const took = (Date.parse(run.resolved ?? "") - Date.parse(run.started ?? "")) / 1000;
    const { least, most } = expected.seconds;
    if (!(took >= least && took <= most)) wrong.push(`it took ${took} s, not ${least} to ${most} s`);
  }
  return wrong;
}
