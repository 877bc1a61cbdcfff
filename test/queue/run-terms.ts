/** For a run whose owner hears of nothing and never has to hurry. */
import type { RunTerms } from "../../agent/queue/run-queue.ts";

const hears = { created: () => {}, unheard: () => {}, heard: () => {} };
export const patient: RunTerms = { ...hears, hurry: new AbortController().signal };
