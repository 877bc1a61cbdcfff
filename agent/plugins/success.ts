/** The smallest plugin: a task whose commands failed is a failed task. */
import type { Plugin } from "./plugin.ts";

export const successPlugin: Plugin = {
  name: "success",
  newTaskPlugin: () => ({ stopped: async (_result, success) => success }),
};
