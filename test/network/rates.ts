/** How many calls a worker makes: what docs/network.md says of it, and what it is counted against. */

export interface Rate {
  readonly what: string;
  /** By name, as the published references have them; `put` is the storage's. */
  readonly calls: Readonly<Record<string, number>>;
}

const alone = { claimWork: 1, reportCompleted: 1 };

export const rates = {
  idleHour: { what: "an idle hour", calls: { claimWork: 180, getWorker: 12 } },
  managedHour: { what: "in addition, where there is a worker-manager", calls: { shouldWorkerTerminate: 180 } },
  short: {
    what: "a short task with a live log, of either dialect",
    calls: { ...alone, createArtifact: 3, put: 1 },
  },
  silent: { what: "a short task without a live log", calls: { ...alone, createArtifact: 1, put: 1 } },
  long: {
    what: "a task with a live log and two files, whose claim is renewed twice",
    calls: { ...alone, reclaimTask: 2, createArtifact: 5, put: 3 },
  },
  objects: {
    what: "the same with `createObjectArtifacts`, files up to 8 KiB, which need no PUT",
    calls: { ...alone, reclaimTask: 2, createArtifact: 5, createUpload: 3, finishUpload: 3, finishArtifact: 3 },
  },
  runningHour: { what: "in addition, each hour of a running task", calls: { reclaimTask: 3, status: 360 } },
} as const satisfies Readonly<Record<string, Rate>>;

/** As it stands in docs/network.md. */
export function ratesTable(): string {
  const rows = Object.values<Rate>(rates).map(({ what, calls }) => {
    const counts = Object.entries(calls).map(([name, count]) => `${count} ${name === "put" ? "PUT" : name}`);
    return `| ${what} | ${counts.join(", ")} |`;
  });
  return ["| | calls |", "|---|---|", ...rows].join("\n");
}
