/** The embedded queue in the foreground, for a local session: this terminal, a worker in another, tasks from a third. */
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { shellWord } from "../../shared/shell-word.ts";
import { startLocalQueue } from "../local/queue.ts";
import { errorCode, messageOf } from "../thrown.ts";
import type { Context } from "./command.ts";
import { CommandError, type ExitStatus, exitStatus } from "./exit-status.ts";
import { aborted } from "./interrupts.ts";
import { localPool, workerGroup, workerIdOf } from "./local-names.ts";

function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new CommandError(exitStatus.usage, `"${text}" is no port: give a number up to 65535, or leave --port out`);
}

function whyNotListening(port: number, error: unknown): string {
  const advice = "name another with --port, or leave --port out for any free one";
  const code = errorCode(error);
  if (code === "EADDRINUSE") return `port ${port} is taken by another program: ${advice}`;
  if (code === "EACCES") return `this account may not listen on port ${port}: ${advice}`;
  return `the queue cannot listen on port ${port} (${messageOf(error)}): ${advice}`;
}

/** Runs until a signal ends it. */
export async function runQueue({ arguments: { values }, say, interrupts }: Context): Promise<ExitStatus> {
  const port = portOf(values.get("port"));
  const blobDir = await mkdtemp(join(tmpdir(), "taskcluster-queue-")).catch((error: unknown) => {
    const what = `no directory for artifacts can be made in ${tmpdir()}: ${messageOf(error)}`;
    throw new CommandError(exitStatus.misconfigured, `${what}; as root: chmod 1777 ${tmpdir()}`);
  });
  try {
    const queue = await startLocalQueue({ blobDir, port }).catch((error: unknown) => {
      throw new CommandError(exitStatus.unavailable, whyNotListening(port, error));
    });
    const { clientId, accessToken } = queue.rootCredentials;
    const environment = {
      TASKCLUSTER_ROOT_URL: queue.rootUrl,
      TASKCLUSTER_CLIENT_ID: clientId,
      TASKCLUSTER_ACCESS_TOKEN: accessToken,
      TASKCLUSTER_WORKER_POOL_ID: localPool,
      TASKCLUSTER_WORKER_GROUP: workerGroup,
      TASKCLUSTER_WORKER_ID: workerIdOf(hostname()),
    };
    for (const [name, value] of Object.entries(environment)) await say.out(`export ${name}=${shellWord(value)}\n`);
    say.step(`the queue is at ${queue.rootUrl}; it forgets everything when it ends`);
    say.hint("paste the lines above into other terminals; end the queue with Ctrl-C");
    await aborted(interrupts.stop, interrupts.drain);
    await queue.close();
  } finally {
    await rm(blobDir, { recursive: true, force: true });
  }
  return exitStatus.completed;
}
