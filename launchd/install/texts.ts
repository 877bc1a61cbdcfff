/** What is written into the files of an installation whose content is not rendered elsewhere. */
import { layoutOf, workerAccount } from "../layout.ts";

const { helperLog, agentLog } = layoutOf();

/** Without a file of --config. The agent is not started before somebody has changed it. */
export const workerSkeleton = `# Settings of the worker: docs/configuration.md has all of them. Fill these in and run install again, which starts the
# worker. This file holds credentials: it belongs to the account of the worker, and nobody else can read it.
rootURL: ""
clientId: ""
accessToken: ""
provisionerId: ""
workerType: ""
workerGroup: ""
workerId: ""
`;

/** What root's owner may widen: docs/configuration.md. */
export function helperSkeleton(tasksDir: string): string {
  return `${JSON.stringify({ tasksDir }, null, 2)}\n`;
}

/**
 * newsyslog renames a file and makes a new one, in directories that only root can write to. A process that has the old one
 * open goes on writing there until it starts again, so nothing is compressed and nobody gets a signal.
 */
export function newsyslogRules(agentUser: string): string {
  return `# logfilename                                        [owner:group]          mode count size when flags
${helperLog}  root:wheel             600  5     10240 *  N
${agentLog}           ${`${agentUser}:${workerAccount}`.padEnd(21)}  600  5     10240 *  N
`;
}
