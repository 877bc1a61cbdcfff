/** What the agent hears from the services of the worker's configuration. */
import type { ServiceAnswer, ServiceReport } from "../../../shared/service-report.ts";
import type { Check } from "../check.ts";
import { type Finding, fail, notHere, pass, warn } from "../finding.ts";
import { outputOf } from "../machine.ts";
import { servicesTimeoutMs } from "../services.ts";
import type { Subject } from "../subject.ts";
import { sudo } from "./fixes.ts";

const timeoutMs = servicesTimeoutMs + 10_000;

/** The finding from a report, or why there is none. */
async function fromReport(subject: Subject, judge: (report: ServiceReport) => Finding): Promise<Finding> {
  const { paths, launcher, installation } = subject;
  const asked = await subject.services();
  switch (asked.end) {
    case "asked":
      return judge(asked.report);
    case "not-configured":
      if (!installation) return notHere("no worker is configured here");
      return fail(asked.why, sudo("vi", paths.workerConfig));
    case "needs-root":
      return notHere("needs root: only the agent's account reads worker.yml", sudo(launcher, "doctor"));
    case "failed":
      return fail(asked.why, sudo(launcher, "check-service"));
  }
}

function judgeAnswer(answer: ServiceAnswer, fix: readonly string[]): Finding {
  switch (answer.state) {
    case "fine":
      return pass(answer.what);
    case "failed":
      return fail(answer.what.includes(answer.code) ? answer.what : `${answer.code}: ${answer.what}`, ...fix);
    case "not-asked":
      return notHere(answer.what);
  }
}

export const queue: Check = {
  id: "queue",
  title: "the queue can be reached",
  why: "No queue, no tasks. Name, network, proxy, certificate and rootURL all have to be right.",
  remedy: "`curl -v ROOT_URL/api/queue/v1/ping` as the agent's account; proxies: docs/network.md",
  timeoutMs,
  probe: (subject) =>
    fromReport(subject, ({ rootURL, queue }) => judgeAnswer(queue, [`curl -v ${rootURL}/api/queue/v1/ping`])),
};

export const scopes: Check = {
  id: "scopes",
  title: "the worker's credentials, and their scopes",
  why: "Without `queue:claim-work:POOL` and `queue:worker-id:GROUP/ID` every claim is refused.",
  remedy: "give the client the scopes that are named, or put its access token into worker.yml",
  timeoutMs,
  probe: (subject) =>
    fromReport(subject, ({ rootURL, scopes }) =>
      judgeAnswer(scopes, [`open ${rootURL}/auth/clients`, sudo("vi", subject.paths.workerConfig)]),
    ),
};

export const workerManager: Check = {
  id: "worker-manager",
  title: "worker-manager knows this worker",
  why: "It gives a worker that registers itself its credentials, and tells it when to end.",
  remedy: "mend `providerId` and `staticSecret` in worker.yml, or the worker pool",
  timeoutMs,
  probe: (subject) =>
    fromReport(subject, ({ rootURL, workerManager }) =>
      judgeAnswer(workerManager, [`open ${rootURL}/worker-manager`, sudo("vi", subject.paths.workerConfig)]),
    ),
};

/** Signed requests may be 15 min off, certificates of temporary credentials 5 min. */
const mostMs = 5 * 60_000;
const muchMs = 30_000;

export const clock: Check = {
  id: "clock",
  title: "the clock against the queue's",
  why: "Requests are signed with the time: beyond 5 min credentials count as not begun or as ended.",
  remedy: "`sudo sntp -sS time.apple.com`, `sudo systemsetup -setusingnetworktime on`",
  timeoutMs,
  probe: (subject) =>
    fromReport(subject, ({ clockAheadMs }) => {
      if (clockAheadMs === null) return notHere("no answer came that says what time it is");
      const darwin = subject.machine.platform === "darwin";
      const fix = darwin
        ? [sudo("sntp", "-sS", "time.apple.com"), sudo("systemsetup", "-setusingnetworktime", "on")]
        : [sudo("timedatectl", "set-ntp", "true")];
      const seconds = Math.round(Math.abs(clockAheadMs) / 1_000);
      const what = `${seconds} s ${clockAheadMs >= 0 ? "ahead of" : "behind"} the queue's`;
      if (seconds * 1_000 >= mostMs) return fail(what, ...fix);
      return seconds * 1_000 >= muchMs ? warn(what, ...fix) : pass(what);
    }),
};

/** Codes of a connection that the system did not let out. */
const kept = /^(EHOSTUNREACH|ENETUNREACH|EACCES|EPERM)$/;
const firstVersion = 15;

export const localNetwork: Check = {
  id: "local-network",
  title: "Local Network privacy",
  why: "Since macOS 15 a job that is not root may not reach local addresses until somebody allows it in a dialogue that no job can show.",
  remedy: "System Settings → Privacy & Security → Local Network, or exempt the network and restart the Mac",
  unsure: "whether a job with a UserName is exempt is reported both ways; the exemption needs macOS 15.5",
  only: "darwin",
  timeoutMs,
  async probe(subject) {
    const output = await outputOf(subject.machine, "/usr/bin/sw_vers", ["-productVersion"]);
    const version = output.ok ? output.text.trim() : "unknown";
    if (Number.parseInt(version, 10) < firstVersion) return pass(`macOS ${version} has none`);
    return fromReport(subject, ({ isLocal, queue, rootURL }) => {
      if (!isLocal) return pass("the deployment is not on the local network");
      const fix = [
        sudo(
          "defaults",
          "write",
          "com.apple.network.local-network",
          "AllowedEthernetLocalNetworkAddresses",
          "-array",
          "NETWORK/BITS",
        ),
        sudo("shutdown", "-r", "now"),
      ];
      if (queue.state === "failed" && kept.test(queue.code))
        return fail(`${rootURL} is local, and kept from the agent (${queue.code})`, ...fix);
      if (queue.state === "fine") return pass(`${rootURL} is local, and reached`);
      return warn(`${rootURL} is local; whether the agent may reach it is not known`, ...fix);
    });
  },
};
