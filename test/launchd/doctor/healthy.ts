/** Macs on which doctor finds nothing wrong: with an agent in a session, and with one that needs no screen. */
import type { Config } from "../../../helper/config.ts";
import { helperFlags } from "../../../helper/flags.ts";
import { agentJob, helperJob } from "../../../launchd/jobs.ts";
import { layoutOf } from "../../../launchd/layout.ts";
import { agentLabel, helperLabel, renderAgentPlist, renderHelperPlist } from "../../../launchd/plists.ts";
import { PROTOCOL } from "../../../shared/protocol/limits.ts";
import type { ServiceReport } from "../../../shared/service-report.ts";
import { config as defaults } from "../examples.ts";
import type { MachineData, ToolData } from "./stand-in.ts";
import { exited, patched } from "./stand-in.ts";

export const layout = layoutOf();
const { places } = layout;
export const launcher = "/Library/PrivilegedHelperTools/org.taskcluster.worker/current/taskcluster-worker";
export const agent = { name: "builder", uid: 501, gid: 20 };
const version = "0.1.0";
export const release = `${layout.versions}/${version}-0123456789ab`;

export const config: Config = { ...defaults, maxUsers: 10, umask: "022", tasksDir: "/Volumes/tasks" };

const status = {
  ...{ pid: 300, version, protocol: PROTOCOL, agent: true, lastHello: 1_795_600_000_000 },
  ...{ live: 1, resting: 1, quarantined: 0, lastDeletionExit: 0 },
};

export const statusFile = (change: object = {}) => ({ text: `${JSON.stringify({ ...status, ...change })}\n` });

const report: ServiceReport = {
  rootURL: "https://tc.example.com",
  worker: "mac/firefox/office/mac-1",
  isLocal: false,
  clockAheadMs: 400,
  queue: { state: "fine", what: "https://tc.example.com answers" },
  scopes: { state: "fine", what: "project/mac/worker-1 may claim for mac/firefox" },
  workerManager: { state: "fine", what: "it registers this worker" },
};

const asking = `${launcher} check-service --config ${layout.workerConfig} --agent-user ${agent.name}`;

/** Both ways in which doctor asks: while a worker runs, and while none does. */
export const services = (answer: ToolData): Record<string, ToolData> => ({
  [asking]: answer,
  [`${asking} --register`]: answer,
});
export const reported = (change: Partial<ServiceReport>) => services(`${JSON.stringify({ ...report, ...change })}\n`);

const gone = { processes: 0, home: false, account: false, shared: 0 };
const trialLine = `${launcher} run-task ${new URL("../../../launchd/doctor/trial.yml", import.meta.url).pathname} --json`;
export const trial = (answer: ToolData): Record<string, ToolData> => ({ [trialLine]: answer });

/** What `run-task --json` prints; `proof` as in its last event. */
export function told(proof: object = {}, state = "completed"): string {
  const end = {
    event: "gone",
    n: 1,
    state,
    reason: state,
    user: "tcw-aaaaaaaa",
    uid: 5500,
    proof: { ...gone, ...proof },
  };
  const events = [{ event: "user", user: "tcw-aaaaaaaa", uid: 5500 }, { event: "resolved", state }, end];
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

export const job = (state: string): string => `some/job = {\n\tactive count = 1\n\tstate = ${state}\n\tpid = 300\n}\n`;
export const printHelper = `/bin/launchctl print system/${helperLabel}`;
export const printAgent = `/bin/launchctl print gui/501/${agentLabel}`;

export const users = (...more: readonly string[]): string =>
  [
    "_tcworker                4900",
    "builder                  501",
    "nobody                   -2",
    "root                     0",
  ]
    .concat("tcw-bbbbbbbb             5000", "tcw-cccccccc             5001", more)
    .join("\n");
export const listUsers = "/usr/bin/dscl . -list /Users UniqueID";
export const listGroups = "/usr/bin/dscl . -list /Groups PrimaryGroupID";

export const pmset = (sleep: number, autorestart: number): string =>
  `Battery Power:\n sleep                1\nAC Power:\n Sleep On Power Button 1\n sleep                ${sleep}\n autorestart          ${autorestart}\n displaysleep         0\n`;

export const diskutil = (key: string): string =>
  `<?xml version="1.0"?>\n<plist version="1.0">\n<dict>\n\t<key>FilesystemType</key>\n\t<string>apfs</string>\n\t${key}\n</dict>\n</plist>\n`;

export const healthy: MachineData = {
  platform: "darwin",
  uid: 0,
  processes: [300, 301],
  config,
  wrongFiles: [],
  nodeSource: "given",
  free: { "/Volumes/tasks": 200_000, [layout.stateRoot]: 100_000 },
  files: {
    [layout.current]: { target: release, mode: 0o777 },
    [`${release}/bin/node`]: { mode: 0o755 },
    [`${release}/helper/main.js`]: {},
    [`${release}/shared/protocol/frames.js`]: {},
    [`${release}/manifest.json`]: {},
    [layout.helperConfig]: { text: JSON.stringify(config) },
    [layout.workerConfig]: { ...agent, kind: "file", mode: 0o600, text: "rootURL: https://tc.example.com\n" },
    [layout.helperPlist]: { text: renderHelperPlist(helperJob(helperFlags(places, config, true))) },
    [layout.agentPlist]: { text: renderAgentPlist(agentJob(agent.uid, 86_400)) },
    [layout.receipt]: { mode: 0o600 },
    [layout.privateState]: { kind: "directory", mode: 0o700 },
    [places.private]: { kind: "directory", mode: 0o700 },
    [places.status]: statusFile(),
    [places.socketDir]: { kind: "directory", mode: 0o750, gid: 4900 },
    [places.socket]: { kind: "socket", mode: 0o660, gid: 4900 },
    [`${places.logs}/audit.log`]: { mode: 0o600 },
    "/Volumes/tasks": { kind: "directory", mode: 0o711, volume: 2 },
    "/private/var/db/com.apple.backgroundtaskmanagement/BackgroundItems-v16.btm": { size: 40_000 },
    "/dev/console": { kind: "other", uid: agent.uid },
    "/etc/kcpassword": { mode: 0o600 },
  },
  tools: {
    "/usr/bin/id -un -- 501": "builder\n",
    "/usr/bin/id -u -- 501": "501\n",
    "/usr/bin/id -g -- 501": "20\n",
    [printHelper]: job("running"),
    [printAgent]: job("running"),
    [listUsers]: users(),
    [listGroups]: "_tcworker 4900\nstaff 20\ntcw-bbbbbbbb 5000\ntcw-cccccccc 5001\n",
    "/usr/bin/defaults read /Library/Preferences/com.apple.loginwindow autoLoginUser": "builder\n",
    "/usr/bin/fdesetup status": "FileVault is Off.\n",
    "/usr/bin/defaults -currentHost read com.apple.screensaver idleTime": "0\n",
    "/usr/sbin/sysadminctl -screenLock status": exited(
      0,
      "2026-11-26 12:00:00.000 sysadminctl[1:2] screenLock is off\n",
    ),
    "/usr/bin/pmset -g custom": pmset(0, 1),
    "/usr/sbin/diskutil info -plist /Volumes/tasks": diskutil("<key>GlobalPermissionsEnabled</key>\n\t<true/>"),
    "/usr/bin/sw_vers -productVersion": "15.6.1\n",
    ...reported({}),
    ...trial(told()),
  },
};

const account = "/usr/bin/id -u -- _tcworker";
/** Installed with --headless: nobody is logged in, and nothing of the screen matters. */
export const headless: MachineData = patched(healthy, {
  files: {
    [layout.agentPlist]: null,
    [layout.headlessPlist]: { text: renderAgentPlist(agentJob(null, 86_400)) },
    [layout.workerConfig]: { uid: 4900, mode: 0o600, text: "rootURL: https://tc.example.com\n" },
    "/dev/console": { kind: "other", uid: 0 },
  },
  tools: {
    ...{ "/usr/bin/id -un -- _tcworker": "_tcworker\n", [account]: "4900\n", "/usr/bin/id -g -- _tcworker": "4900\n" },
    [`/bin/launchctl print system/${agentLabel}`]: job("running"),
    [asking.replace(agent.name, "_tcworker")]: `${JSON.stringify(report)}\n`,
  },
});
