/** What the isolation canary takes, for each task: a probe by a task user, as it runs before the first command. */
import { join } from "node:path";
import { Canary } from "../../agent/engine/canary.ts";
import { connectHelper } from "../../agent/engine/helper-client.ts";
import { TaskAccount } from "../../agent/engine/task-account.ts";
import { startRealHelper } from "../helper/real-helper.ts";
import { median, type Options, progress, quantile, type Row } from "./measure.ts";

export async function canary({ short }: Options): Promise<Row> {
  const helper = await startRealHelper();
  const { client } = await connectHelper({ socketPath: helper.socketPath, deadlineMs: 20_000 });
  try {
    const made = await Promise.all([client.request("createUser", {}), client.request("createUser", {})]);
    const [account, ...others] = made.map((created) => new TaskAccount(client, created));
    if (!account) throw new Error("the helper made no user");
    const probes = new Canary(helper.socketPath, [helper.places.private, join(helper.places.logs, "audit.log")]);
    const samples: number[] = [];
    for (let round = 0; round < (short ? 5 : 100); round += 1) {
      const began = performance.now();
      await probes.probeSilently(account, others);
      samples.push(performance.now() - began);
    }
    progress(`canary: ${median(samples).toFixed(1)} ms`);
    return {
      measure: "isolation canary, for each task",
      unit: "ms",
      figure: median(samples),
      baseline: null,
      target: { of: "figure", bound: "most", value: 10 },
      detail: { runs: samples.length, p95: quantile(samples, 0.95) },
    };
  } finally {
    client.close();
    await helper.stop();
  }
}
