/**
 * Settings of generic-worker that are none here. A pool's file may have those of `withoutEffect`: each is told once with
 * the reason, unless it asks for what happens anyway. Those of `refused` are errors, as they are for generic-worker on a Mac.
 */
import { anyText, boolean, type Kind, port } from "./kinds.ts";

export interface WithoutEffect {
  readonly kind: Kind<unknown>;
  /** Values that are not worth a word. */
  readonly silent: readonly unknown[];
  readonly why: string;
}

function row<T>(kind: Kind<T>, silent: readonly T[], why: string): WithoutEffect {
  return { kind, silent, why };
}

const noMounts = "this version has no mounts, and its caches will lie beside the homes of task users";
const noProxy = "this version has no taskcluster-proxy; tasks that ask for it are malformed-payload";
const ownLiveLogs = "the worker serves live logs itself, all at one port: livelogExposePort";
const direct = "live logs and shells are reached at publicIP, without websocktunnel";

export const withoutEffect: Readonly<Record<string, WithoutEffect>> = {
  cachesDir: row(anyText, ["", "caches"], noMounts),
  cleanUpTaskDirs: row(boolean, [true], "every task user is deleted with all its files, always"),
  disableReboots: row(boolean, [true], "this worker needs no reboot, and never asks for one"),
  downloadsDir: row(anyText, ["", "downloads"], noMounts),
  ed25519SigningKeyLocation: row(anyText, [""], "this version has no chain of trust, and does not read the key"),
  enableChainOfTrust: row(
    boolean,
    [false],
    "this version has no chain of trust; tasks that ask for it are malformed-payload",
  ),
  enableMounts: row(boolean, [false], "this version has no mounts; tasks that ask for them are malformed-payload"),
  enableOSGroups: row(
    boolean,
    [false],
    "task users are in no group but their own; tasks that ask are malformed-payload",
  ),
  enableRunTaskAsCurrentUser: row(
    boolean,
    [false],
    "no task runs as root; tasks that ask for it are malformed-payload",
  ),
  enableTaskclusterProxy: row(boolean, [false], noProxy),
  livelogExecutable: row(anyText, ["", "livelog"], ownLiveLogs),
  livelogPortBase: row(port, [60_098], ownLiveLogs),
  sentryProject: row(anyText, ["", "generic-worker"], "nothing is sent to Sentry; faults are in the worker's log"),
  taskclusterProxyExecutable: row(anyText, ["", "taskcluster-proxy"], noProxy),
  taskclusterProxyPort: row(port, [80], noProxy),
  tasksDir: row(anyText, ["", "/Users"], "root decides where homes are: tasksDir in helper.json"),
  wstAudience: row(anyText, [""], direct),
  wstServerURL: row(anyText, [""], direct),
};

const v96 = "generic-worker has none since version 96, nor has this worker, which never updates itself";
const linux = "it is a setting of generic-worker on Linux";
const windows = "it is a setting of generic-worker on Windows";

/** Name → why it cannot be set; ends the sentence "… has the setting X: ". */
export const refused: Readonly<Record<string, string>> = {
  checkForNewDeploymentEverySecs: v96,
  d2gConfig: linux,
  deploymentId: v96,
  disableNativePayloads: linux,
  enableD2G: linux,
  enableLoopbackAudio: linux,
  enableLoopbackVideo: linux,
  enableRDP: windows,
  enableRunAsAdministrator: windows,
  loopbackAudioDeviceNumber: linux,
  loopbackVideoDeviceNumber: linux,
  runTasksAsCurrentUser: "generic-worker has none since version 81; here every task runs as a user of its own",
};
