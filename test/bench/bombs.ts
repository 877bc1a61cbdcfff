/** How long `deleteUser` takes when a thousand processes of the task stop all that they may, and fork. */
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "../helper/client.ts";
import { startBenchHelper } from "./bench-helper.ts";
import { median, type Options, type Row } from "./measure.ts";
import type { StagedForms } from "./staged-forms.ts";

/** 999 children wait until all are there and that has been said; then each does this without end. */
const bomb = (each: string): string[] => [
  "/usr/bin/perl",
  "-e",
  `$| = 1; pipe R, W; for (1 .. 999) { my $child = fork; last if !defined $child; next if $child;
    setpgrp; close W; sysread R, my $byte, 1; while (1) { ${each} } }
  print "up\\n"; sleep 1; close W; sleep 300`,
];
const bombs: Readonly<Record<string, string[]>> = {
  "stop all they may, and fork": bomb('kill "STOP", -1; fork if rand() < 0.01'),
  "fork and end, and stop all they may": bomb('exit if fork; kill "STOP", -1 if rand() < 0.001'),
};
const sleeper = ["/bin/bash", "-c", "echo up; exec sleep 300"];
/** By then the bomb has begun. */
const beginMs = 2_000;
const targetMs = 2_000;

async function deletionMs(client: Client, argv: string[]): Promise<{ ms: number; killed: number }> {
  const { user } = await client.request("createUser", {});
  await client.start(user, argv);
  await delay(beginMs);
  const from = performance.now();
  const { state, found } = await client.request("deleteUser", { user });
  if (state !== "gone") throw new Error(`the user of a bomb is ${state}`);
  return { ms: performance.now() - from, killed: found.processes };
}

/** One row for each bomb, beside the deletion of a user with one process that sleeps. */
export async function bombDeletions(forms: StagedForms, { short }: Options): Promise<Row[]> {
  const helper = await startBenchHelper(forms, "installed");
  const client = await Client.hello(helper.places.socket);
  const rows: Row[] = [];
  try {
    for (const [what, argv] of Object.entries(bombs)) {
      const samples = { ours: [] as number[], killed: [] as number[], baseline: [] as number[] };
      for (let round = 0; round < (short ? 1 : 5); round += 1) {
        const { ms, killed } = await deletionMs(client, argv);
        samples.ours.push(ms);
        samples.killed.push(killed);
        samples.baseline.push((await deletionMs(client, sleeper)).ms);
      }
      rows.push({
        ...{ measure: `deleteUser of 1,000 processes that ${what}`, unit: "ms", figure: median(samples.ours) },
        baseline: { what: "of one that sleeps", figure: median(samples.baseline) },
        target: { of: "figure", bound: "most", value: targetMs },
        detail: { samplesMs: samples.ours, killed: samples.killed },
      });
    }
  } finally {
    await client.close();
    await helper.stop();
  }
  return rows;
}
