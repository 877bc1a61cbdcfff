/** All checks, in the order in which they are asked and shown. */
import type { Check } from "./check.ts";
import { accounts } from "./checks/accounts.ts";
import { helperConfig, signingKeys, workerConfig } from "./checks/configuration.ts";
import { helper } from "./checks/helper.ts";
import { jobs, plists } from "./checks/jobs.ts";
import { modes } from "./checks/modes.ts";
import { nodeBuild } from "./checks/node-build.ts";
import { ownership } from "./checks/ownership.ts";
import { release } from "./checks/release.ts";
import { autoLogin, screenLock, session } from "./checks/screen.ts";
import { clock, localNetwork, queue, scopes, workerManager } from "./checks/services.ts";
import { sleep } from "./checks/sleep.ts";
import { socket } from "./checks/socket.ts";
import { backgroundItems, disk, volume } from "./checks/storage.ts";
import { staleUsers, uids } from "./checks/uids.ts";

export const checks: readonly Check[] = [
  ...[ownership, modes, helperConfig, workerConfig, signingKeys, release, nodeBuild, plists, jobs, socket],
  ...[helper, uids, staleUsers, accounts],
  ...[session, autoLogin, screenLock, sleep, disk, volume, backgroundItems],
  ...[queue, scopes, workerManager, clock, localNetwork],
];
