/** For a run whose owner hears of nothing and never has to hurry. */
import type { RunTerms } from "../../agent/queue/run-queue.ts";

export const patient: RunTerms = { created: () => {}, unheard: () => {}, hurry: new AbortController().signal };
