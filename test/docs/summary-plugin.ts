/** Shows what the task wrote to the file that SUMMARY names, at the end of its log. */
import { text } from "node:stream/consumers";
import { ResourceError } from "../../agent/engine/engine.ts";
import type { Plugin } from "../../agent/plugins/plugin.ts";

const name = "summary.txt";
const mostBytes = 4096;

export const summaryPlugin: Plugin = {
  name: "summary",
  newTaskPlugin: ({ payload, log }) => {
    if (payload.env["SUMMARY"] !== undefined) return null;
    return {
      buildSandbox: async (builder) => {
        builder.setEnvironmentVariable("SUMMARY", `${builder.user.home}/${name}`);
      },
      stopped: async (result) => {
        try {
          const file = await result.openFile(name);
          if (file.size <= mostBytes) log.info(`Summary: ${await text(file.body)}`);
          else file.body.destroy();
        } catch (error) {
          // A task need not write one.
          if (!(error instanceof ResourceError)) throw error;
        }
        return true;
      },
    };
  },
};
