/** `runAfterUserCreation` of the configuration: a program of the machine's owner, run by each task user before its task. */
import { TaskError } from "../outcome.ts";
import { ownersEnvironment } from "./env.ts";
import type { Plugin } from "./plugin.ts";

const longestMs = 10 * 60_000;

/** The queue gives the task to another worker, and this one rests: its own configuration is wrong, not the task. */
function failure(program: string, how: string): TaskError {
  return new TaskError("worker-shutdown", `runAfterUserCreation of this worker (${program}) failed: ${how}.`);
}

export const userSetupPlugin: Plugin = {
  name: "usersetup",
  newTaskPlugin: (task) => {
    const { config, log } = task;
    const program = config.runAfterUserCreation;
    if (program === "") return null;
    return {
      started: async (sandbox) => {
        // The payload's could make the program fail, and worker after worker rest.
        const env = ownersEnvironment(task, sandbox.user);
        log.info(`Running ${program} (runAfterUserCreation)`);
        let isLate = false;
        const timer = setTimeout(() => {
          isLate = true;
          // What it throws, `run` throws too.
          sandbox.kill().catch(() => undefined);
        }, longestMs);
        const { code, signal, aborted } = await sandbox
          .run([program], log.output, env)
          .finally(() => clearTimeout(timer));
        if (isLate) throw failure(program, `it did not end within ${longestMs / 60_000} minutes`);
        if (aborted || code === 0) return;
        if (signal !== null) throw failure(program, `signal: ${signal}`);
        throw failure(program, code === null ? "it could not be started" : `exit status ${code}`);
      },
    };
  },
};
