/** The helper's socket: its modes are the authentication. */
import type { Check } from "../check.ts";
import { type Finding, fail, notHere, pass, together } from "../finding.ts";
import { readStatus } from "../helper-status.ts";
import { restartHelper } from "./fixes.ts";

/** Of macOS, with the byte that ends the path. */
const longestPath = 103;

const needsRoot = notHere("the directory is as it must be; only root and the agent see the socket in it");

export const socket: Check = {
  id: "socket",
  title: "the helper's socket and its directory",
  why: "Root cannot ask who connects: that only the group _tcworker can enter the directory is all the authentication there is.",
  remedy: "`sudo launchctl kickstart -k system/org.taskcluster.worker.helper`: the helper makes both anew",
  installed: true,
  probe({ machine, paths }) {
    const { socket, socketDir, status } = paths.places;
    if (Buffer.byteLength(socket) > longestPath) return fail(`the path ${socket} is longer than ${longestPath} bytes`);
    const folder = machine.look(socketDir);
    if (!folder) {
      const runs = readStatus(machine, status)?.runs === true;
      return fail(`${socketDir} is missing${runs ? ", though the helper runs" : ": no helper runs"}`, restartHelper);
    }
    const gid = folder.gid;
    const findings: Finding[] = [
      folder.kind === "directory" && folder.uid === 0 && folder.mode === 0o750
        ? pass(socketDir)
        : fail(
            `${socketDir} is not root's with mode 0750 (uid ${folder.uid}, ${folder.mode.toString(8)})`,
            restartHelper,
          ),
      gid >= 4900 && gid <= 4999
        ? pass(socketDir)
        : fail(`${socketDir} belongs to the group ${gid}, not to _tcworker`, restartHelper),
    ];
    const isWrong = findings.some(({ result }) => result === "fail");
    if (machine.uid !== 0) return isWrong ? together(findings, socketDir) : needsRoot;
    const entry = machine.look(socket);
    findings.push(
      entry?.kind === "socket" && entry.uid === 0 && entry.gid === gid && entry.mode === 0o660
        ? pass(socket)
        : fail(`${socket} is ${entry ? `no socket root:${gid} 0660` : "missing"}`, restartHelper),
    );
    return together(findings, `root:${gid} 0750, and the socket 0660`);
  },
};
