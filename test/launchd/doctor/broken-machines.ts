/** Machines with one thing wrong each: what it is, which check says so, and what it tells people to do. */
import { agentLabel, helperLabel } from "../../../launchd/plists.ts";
import {
  agent,
  config,
  diskutil,
  job,
  launcher,
  layout,
  listGroups,
  listUsers,
  pmset,
  printAgent,
  printHelper,
  release,
  reported,
  services,
  statusFile,
  told,
  trial,
  users,
} from "./healthy.ts";
import { exited, type Patch } from "./stand-in.ts";

export interface BrokenMachine {
  /** What is wrong with it. */
  readonly broken: string;
  readonly patch: Patch;
  /** The check that finds it. */
  readonly finds: string;
  readonly result: "warn" | "fail";
  readonly what: RegExp;
  /** All commands, in order. */
  readonly fix: readonly string[];
}

const { places } = layout;
const restartHelper = `sudo launchctl kickstart -k system/${helperLabel}`;
const restartAgent = `sudo launchctl kickstart -k gui/501/${agentLabel}`;
const reinstall = "sudo ./taskcluster-worker install";
const editWorkerConfig = `sudo vi '${layout.workerConfig}'`;
const editHelperConfig = `sudo vi '${layout.helperConfig}'`;
const reboot = "sudo shutdown -r now";
const autoLogin = "sudo sysadminctl -autologin set -userName builder -password -";
const hung = { end: "timed-out", why: "did not end in 10 s" } as const;
const noAgent = { files: { [places.status]: statusFile({ agent: false }) } };
const btm = "/private/var/db/com.apple.backgroundtaskmanagement/BackgroundItems-v16.btm";
const profile = `# needs no mending; new accounts for each task: the profile of ${launcher} profile --team-id TEAM`;

export const brokenMachines: readonly BrokenMachine[] = [
  {
    broken: "Homebrew's user owns the folder of privileged helpers",
    patch: { files: { "/Library/PrivilegedHelperTools": { kind: "directory", uid: 501, mode: 0o755 } } },
    ...{ finds: "ownership", result: "fail", what: /PrivilegedHelperTools is owned by uid 501/ },
    fix: ["sudo chown root /Library/PrivilegedHelperTools"],
  },
  {
    broken: "a group can write to a source of the helper",
    patch: { files: { [`${release}/helper/main.js`]: { mode: 0o664 } } },
    ...{ finds: "ownership", result: "fail", what: /main\.js can be written by others/ },
    fix: [`sudo chmod go-w ${release}/helper/main.js`],
  },
  {
    broken: "everybody can read the journal's directory, and write to it",
    patch: { files: { [places.private]: { kind: "directory", mode: 0o777 } } },
    ...{ finds: "modes", result: "fail", what: /others than root reach .*private \(mode 0777\)/ },
    fix: [`sudo chmod 0700 ${places.private}`],
  },
  {
    broken: "status.json is root's alone",
    patch: { files: { [places.status]: { ...statusFile(), mode: 0o600 } } },
    ...{ finds: "modes", result: "warn", what: /cannot read .*status\.json \(mode 0600\)/ },
    fix: [`sudo chmod 0644 ${places.status}`],
  },
  {
    broken: "helper.json has a typing error",
    patch: { config: `${layout.helperConfig}: the whole must NOT have additional properties` },
    ...{ finds: "helper-config", result: "fail", what: /must NOT have additional properties/ },
    fix: [editHelperConfig],
  },
  {
    broken: "helper.json is gone",
    patch: { files: { [layout.helperConfig]: null } },
    ...{ finds: "helper-config", result: "fail", what: /helper\.json is missing/ },
    fix: [reinstall],
  },
  {
    broken: "helper.json gives out the uids of run-task",
    patch: { config: { ...config, uidRange: [5000, 5600] } },
    ...{ finds: "helper-config", result: "fail", what: /5000-5600 reaches into that of run-task/ },
    fix: [editHelperConfig],
  },
  {
    broken: "helper.json lets tasks have the agent's screen",
    patch: { config: { ...config, shareAgentSession: true } },
    ...{ finds: "helper-config", result: "warn", what: /a task with the screen can become the agent/ },
    fix: [editHelperConfig],
  },
  {
    broken: "the worker was installed without settings, so it has no job",
    patch: { files: { [layout.agentPlist]: null } },
    ...{ finds: "worker-config", result: "fail", what: /worker\.yml has no settings yet, or the account was removed/ },
    fix: [reinstall],
  },
  {
    broken: "everybody can read the worker's credentials",
    patch: { files: { [layout.workerConfig]: { uid: agent.uid, mode: 0o644, text: "" } } },
    ...{ finds: "worker-config", result: "fail", what: /others than the agent can read .*worker\.yml \(mode 0644\)/ },
    fix: [`sudo chmod 0600 '${layout.workerConfig}'`],
  },
  {
    broken: "worker.yml was copied there by root",
    patch: { files: { [layout.workerConfig]: { uid: 0, mode: 0o600, text: "" } } },
    ...{ finds: "worker-config", result: "fail", what: /owned by uid 0, not by the agent's account builder/ },
    fix: [`sudo chown builder '${layout.workerConfig}'`],
  },
  {
    broken: "every task could sign as the worker",
    patch: {
      files: {
        [layout.workerConfig]: { uid: agent.uid, mode: 0o600, text: 'x: 1\ned25519SigningKeyLocation: "/opt/key"\n' },
        "/opt/key": { uid: agent.uid, mode: 0o644 },
      },
    },
    ...{ finds: "signing-keys", result: "fail", what: /others than the agent can read \/opt\/key/ },
    fix: ["sudo chmod 0600 /opt/key"],
  },
  {
    broken: "somebody changed what root runs",
    patch: { wrongFiles: ["helper/main.js has been changed", "a is missing", "b is missing", "c is missing"] },
    ...{ finds: "release", result: "fail", what: /main\.js has been changed; a is missing; b is missing; and 1 more/ },
    fix: [reinstall],
  },
  {
    broken: "an upgrade was interrupted between two versions",
    patch: { files: { [layout.current]: null } },
    ...{ finds: "release", result: "fail", what: /current leads nowhere/ },
    fix: [reinstall],
  },
  {
    broken: "Node is the build of npm",
    patch: { nodeSource: "npm" },
    ...{ finds: "node-build", result: "warn", what: /third party publishes on npm/ },
    fix: [`${reinstall} --node FILE`],
  },
  {
    broken: "nobody can say whose Node it is",
    patch: { wrongFiles: "there is no manifest.json that can be read" },
    ...{ finds: "node-build", result: "fail", what: /no manifest/ },
    fix: [reinstall],
  },
  {
    broken: "the release's manifest is gone",
    patch: { wrongFiles: "there is no manifest.json that can be read" },
    ...{ finds: "release", result: "fail", what: /no manifest/ },
    fix: [reinstall],
  },
  {
    broken: "helper.json names another tasksDir than the flags in the property list",
    patch: { config: { ...config, tasksDir: "/Users" }, files: { "/Users": { kind: "directory", mode: 0o755 } } },
    ...{ finds: "plists", result: "fail", what: /helper\.plist is not what this version installs/ },
    fix: [reinstall],
  },
  {
    broken: "the agent would start in the session and without one",
    patch: { files: { [layout.headlessPlist]: { text: "" } }, tools: headlessTools() },
    ...{ finds: "plists", result: "fail", what: /is not what this version installs.*is there too/ },
    fix: [reinstall, `sudo rm ${layout.agentPlist}`],
  },
  {
    broken: "the helper's job was booted out",
    patch: { tools: { [printHelper]: exited(113, "Could not find service\n") } },
    ...{ finds: "jobs", result: "fail", what: /helper's job is not loaded/ },
    fix: [`sudo launchctl enable system/${helperLabel}`, `sudo launchctl bootstrap system ${layout.helperPlist}`],
  },
  {
    broken: "the helper ends as soon as it starts",
    patch: { tools: { [printHelper]: job("spawn scheduled") } },
    ...{ finds: "jobs", result: "fail", what: /helper's job does not run: read .*helper\.log/ },
    fix: [restartHelper],
  },
  {
    broken: "nobody is logged in, so launchd has no domain for the agent",
    patch: { tools: { [printAgent]: exited(125, "Domain does not support specified action\n") } },
    ...{ finds: "jobs", result: "fail", what: /agent's job is not loaded in gui\/501/ },
    fix: [`sudo launchctl enable gui/501/${agentLabel}`, `sudo launchctl bootstrap gui/501 ${layout.agentPlist}`],
  },
  {
    broken: "the worker was drained",
    patch: { tools: { [printAgent]: job("not running") } },
    ...{ finds: "jobs", result: "warn", what: /loaded and does not run/ },
    fix: [restartAgent],
  },
  {
    broken: "the socket's directory is open to everybody",
    patch: { files: { [places.socketDir]: { kind: "directory", mode: 0o755, gid: 4900 } } },
    ...{ finds: "socket", result: "fail", what: /is not root's with mode 0750/ },
    fix: [restartHelper],
  },
  {
    broken: "the staff, which is everybody, owns the socket's directory",
    patch: { files: { [places.socketDir]: { kind: "directory", mode: 0o750, gid: 20 } } },
    ...{ finds: "socket", result: "fail", what: /belongs to the group 20, not to _tcworker/ },
    fix: [restartHelper],
  },
  {
    broken: "somebody has put a file in place of the socket",
    patch: { files: { [places.socket]: { kind: "file", mode: 0o660, gid: 4900 } } },
    ...{ finds: "socket", result: "fail", what: /helper\.sock is no socket root:4900 0660/ },
    fix: [restartHelper],
  },
  {
    broken: "the helper was killed",
    patch: { processes: [] },
    ...{ finds: "helper", result: "fail", what: /pid 300\) is gone/ },
    fix: [restartHelper],
  },
  {
    broken: "a helper of another protocol still runs",
    patch: { files: { [places.status]: statusFile({ protocol: 99 }) } },
    ...{ finds: "helper", result: "fail", what: /speaks protocol 99, this version \d/ },
    fix: [restartHelper],
  },
  {
    broken: "the helper before the upgrade still runs",
    patch: { files: { [places.status]: statusFile({ version: "0.0.9" }) } },
    ...{ finds: "helper", result: "warn", what: /helper 0\.0\.9 runs, 0\.1\.0 is installed/ },
    fix: [restartHelper],
  },
  {
    broken: "no agent has found the helper",
    patch: noAgent,
    ...{ finds: "helper", result: "warn", what: /no agent is connected \(last hello: 2026-/ },
    fix: [restartAgent],
  },
  {
    broken: "another program has got an account in the worker's range",
    patch: { tools: { [listUsers]: users("_backupd                 5003") } },
    ...{ finds: "uids", result: "fail", what: /the user _backupd has the id 5003/ },
    fix: ["sudo dscl . -change /Users/_backupd UniqueID OLD NEW"],
  },
  {
    broken: "a group of people has a gid in the worker's range",
    patch: { tools: { [listGroups]: "research team 5001\n" } },
    ...{ finds: "uids", result: "fail", what: /the group research team has the id 5001/ },
    fix: ["sudo dscl . -change '/Groups/research team' PrimaryGroupID OLD NEW"],
  },
  {
    broken: "an account's uid is no number",
    patch: { tools: { [listUsers]: users("odd   5oo1") } },
    ...{ finds: "uids", result: "warn", what: /the user odd has an id that is no number/ },
    fix: ["sudo dscl . -change /Users/odd UniqueID OLD NEW"],
  },
  {
    broken: "the directory service does not answer",
    patch: { tools: { [listUsers]: hung } },
    ...{ finds: "uids", result: "fail", what: /users cannot be listed: \/usr\/bin\/dscl did not end in 10 s/ },
    fix: ["dscl . -list /Users UniqueID"],
  },
  {
    broken: "a killed helper of run-task left a task user",
    patch: { files: { [`${layout.stateRoot}/slice-3/status.json`]: statusFile({ pid: 9, live: 1, resting: 0 }) } },
    ...{ finds: "stale-users", result: "warn", what: /1 of slice-3 were left by a helper that is gone/ },
    fix: [`sudo ${launcher} run-task examples/hello.yml`],
  },
  {
    broken: "task users of a removed installation are there",
    patch: { tools: { [listUsers]: users("tcw-dddddddd    5002", "tcw-eeeeeeee    5003") } },
    ...{ finds: "stale-users", result: "warn", what: /4 accounts tcw-… are there, the helpers know of 2/ },
    fix: ["dscl . -list /Users UniqueID | grep tcw-"],
  },
  {
    broken: "the end of a task user could not be proven",
    patch: { files: { [places.status]: statusFile({ quarantined: 1 }) } },
    ...{ finds: "stale-users", result: "fail", what: /1 of default could not be proven clean/ },
    fix: [`sudo ${launcher} audit show --instance default`, reboot],
  },
  {
    broken: "macOS has refused the running helper to delete an account",
    patch: { files: { [places.status]: statusFile({ lastDeletionExit: 40 }) } },
    ...{ finds: "accounts", result: "warn", what: /refuses to delete accounts \(TCC\): pool mode/ },
    fix: [profile],
  },
  {
    broken: "macOS refuses to delete the account of doctor's own task",
    patch: { ...noAgent, tools: trial(told({ account: "resting" })) },
    ...{ finds: "accounts", result: "warn", what: /pool mode/ },
    fix: [profile],
  },
  {
    broken: "dscl fails with what nobody knows",
    patch: { files: { [places.status]: statusFile({ lastDeletionExit: 140 }) } },
    ...{ finds: "accounts", result: "fail", what: /dscl ended with 140/ },
    fix: [`sudo ${launcher} audit show`],
  },
  {
    broken: "no account can be made",
    patch: { ...noAgent, tools: trial(exited(70, "taskcluster-worker: the helper ended: read helper.log\n")) },
    ...{ finds: "accounts", result: "fail", what: /run-task ended with 70: .*the helper ended/ },
    fix: [`sudo ${launcher} run-task examples/hello.yml`],
  },
  {
    broken: "somebody else is logged in",
    patch: { files: { "/dev/console": { kind: "other", uid: 502 } } },
    ...{ finds: "session", result: "fail", what: /uid 502 is logged in, not builder/ },
    fix: [autoLogin, reboot],
  },
  {
    broken: "FileVault keeps the account from logging in by itself",
    patch: { tools: { "/usr/bin/fdesetup status": "FileVault is On.\n" } },
    ...{ finds: "auto-login", result: "warn", what: /FileVault is on/ },
    fix: ["sudo fdesetup disable"],
  },
  {
    broken: "nobody logs in by itself",
    patch: {
      tools: {
        "/usr/bin/defaults read /Library/Preferences/com.apple.loginwindow autoLoginUser": exited(
          1,
          "does not exist\n",
        ),
      },
    },
    ...{ finds: "auto-login", result: "warn", what: /nobody is logged in by itself/ },
    fix: [autoLogin],
  },
  {
    broken: "the screen locks itself",
    patch: {
      tools: {
        "/usr/sbin/sysadminctl -screenLock status": exited(0, "sysadminctl[1:2] screenLock delay is 300 seconds"),
      },
    },
    ...{ finds: "screen-lock", result: "warn", what: /the screen locks/ },
    fix: ["sudo -u builder sysadminctl -screenLock off -password -"],
  },
  {
    broken: "the machine falls asleep",
    patch: { tools: { "/usr/bin/pmset -g custom": pmset(10, 1) } },
    ...{ finds: "sleep", result: "fail", what: /it sleeps after 10 min/ },
    fix: ["sudo pmset -a sleep 0 disksleep 0"],
  },
  {
    broken: "the machine stays off after a power failure",
    patch: { tools: { "/usr/bin/pmset -g custom": pmset(0, 0) } },
    ...{ finds: "sleep", result: "warn", what: /stays off after a power failure/ },
    fix: ["sudo pmset -a autorestart 1"],
  },
  {
    broken: "the disk is full",
    patch: { free: { "/Volumes/tasks": 12 } },
    ...{ finds: "disk", result: "fail", what: /12 MB are free in \/Volumes\/tasks/ },
    fix: ["sudo du -xsh /Volumes/tasks/*"],
  },
  {
    broken: "the disk is nearly full",
    patch: { free: { [layout.stateRoot]: 9_000 } },
    ...{ finds: "disk", result: "warn", what: /only 9000 MB are free in/ },
    fix: [`sudo du -xsh ${layout.stateRoot}/*`],
  },
  {
    broken: "the volume of the homes ignores owners",
    patch: {
      tools: {
        "/usr/sbin/diskutil info -plist /Volumes/tasks": diskutil("<key>GlobalPermissionsEnabled</key>\n\t<false/>"),
      },
    },
    ...{ finds: "volume", result: "fail", what: /the volume of \/Volumes\/tasks ignores owners/ },
    fix: ["sudo diskutil enableOwnership /Volumes/tasks"],
  },
  {
    broken: "the homes can fill the system's volume",
    patch: { files: { "/Volumes/tasks": { kind: "directory", mode: 0o711, volume: 1 } } },
    ...{ finds: "volume", result: "warn", what: /on the system's own volume/ },
    fix: ["sudo ./taskcluster-worker install --volume 200g"],
  },
  {
    broken: "the background items have grown so that launchd will load nothing",
    patch: { files: { [btm]: { size: 4_200_000 } } },
    ...{ finds: "background-items", result: "fail", what: /4\.2 MB/ },
    fix: ["sudo sfltool resetbtm", reboot],
  },
  {
    broken: "the background items grow",
    patch: { files: { [btm]: { size: 1_500_000 } } },
    ...{ finds: "background-items", result: "warn", what: /1\.5 MB/ },
    fix: ["sudo sfltool resetbtm", reboot],
  },
  {
    broken: "the name of the deployment cannot be resolved",
    patch: { tools: reported({ queue: { state: "failed", code: "ENOTFOUND", what: "No name (ENOTFOUND: tc)." } }) },
    ...{ finds: "queue", result: "fail", what: /^No name \(ENOTFOUND: tc\)\.$/ },
    fix: ["curl -v https://tc.example.com/api/queue/v1/ping"],
  },
  {
    broken: "worker.yml lacks a setting",
    patch: {
      tools: services(
        exited(
          78,
          "taskcluster-worker: the worker is not configured; these settings are missing:\n  rootURL  in a file\n",
        ),
      ),
    },
    ...{ finds: "queue", result: "fail", what: /these settings are missing: rootURL/ },
    fix: [editWorkerConfig],
  },
  {
    broken: "the client may not claim",
    patch: {
      tools: reported({
        scopes: { state: "failed", code: "InsufficientScopes", what: "x lacks queue:claim-work:mac/x" },
      }),
    },
    ...{ finds: "scopes", result: "fail", what: /lacks queue:claim-work:mac\/x/ },
    fix: ["open https://tc.example.com/auth/clients", editWorkerConfig],
  },
  {
    broken: "worker-manager does not know the worker",
    patch: {
      tools: reported({
        workerManager: { state: "failed", code: "ResourceNotFound", what: "There is no such worker." },
      }),
    },
    ...{ finds: "worker-manager", result: "fail", what: /There is no such worker/ },
    fix: ["open https://tc.example.com/worker-manager", editWorkerConfig],
  },
  {
    broken: "the clock is an hour slow",
    patch: { tools: reported({ clockAheadMs: -3_600_000 }) },
    ...{ finds: "clock", result: "fail", what: /3600 s behind the queue's/ },
    fix: ["sudo sntp -sS time.apple.com", "sudo systemsetup -setusingnetworktime on"],
  },
  {
    broken: "the clock is a minute fast",
    patch: { tools: reported({ clockAheadMs: 60_000 }) },
    ...{ finds: "clock", result: "warn", what: /60 s ahead of the queue's/ },
    fix: ["sudo sntp -sS time.apple.com", "sudo systemsetup -setusingnetworktime on"],
  },
  {
    broken: "macOS keeps the agent from the deployment in the same building",
    patch: {
      tools: reported({ isLocal: true, queue: { state: "failed", code: "EHOSTUNREACH", what: "There is no way." } }),
    },
    ...{ finds: "local-network", result: "fail", what: /is local, and kept from the agent \(EHOSTUNREACH\)/ },
    fix: [
      "sudo defaults write com.apple.network.local-network AllowedEthernetLocalNetworkAddresses -array NETWORK/BITS",
      reboot,
    ],
  },
  {
    broken: "the deployment in the same building has a fault of its own",
    patch: { tools: reported({ isLocal: true, queue: { state: "failed", code: "ECONNREFUSED", what: "No." } }) },
    ...{ finds: "local-network", result: "warn", what: /whether the agent may reach it is not known/ },
    fix: [
      "sudo defaults write com.apple.network.local-network AllowedEthernetLocalNetworkAddresses -array NETWORK/BITS",
      reboot,
    ],
  },
];

function headlessTools(): Patch["tools"] & object {
  return {
    "/usr/bin/id -un -- _tcworker": "_tcworker\n",
    "/usr/bin/id -u -- _tcworker": "4900\n",
    "/usr/bin/id -g -- _tcworker": "4900\n",
  };
}
