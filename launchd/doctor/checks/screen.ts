/** The graphics session of an agent that lives in one. */
import type { Check } from "../check.ts";
import { type Finding, fail, notHere, pass, together, warn } from "../finding.ts";
import type { AgentAccount } from "../installation.ts";
import { outputOf } from "../machine.ts";
import type { Subject } from "../subject.ts";
import { sudo, withoutAgent } from "./fixes.ts";

/** The finding of an agent with a screen; others need none. */
async function withScreen(subject: Subject, probe: (agent: AgentAccount) => Promise<Finding>): Promise<Finding> {
  const { installation } = subject;
  if (installation?.session === "system") return notHere("the agent was installed without a screen (--headless)");
  if (!installation?.agent) return withoutAgent;
  return probe(installation.agent);
}

export const session: Check = {
  id: "session",
  title: "the agent's account is the one at the screen",
  why: "Its LaunchAgent runs in the graphics session of that account only: nobody logged in, no tasks.",
  remedy: "log the account in, at the screen or by auto-login and a reboot",
  only: "darwin",
  installed: true,
  probe: (subject) =>
    withScreen(subject, async ({ name, uid }) => {
      const console = subject.machine.look("/dev/console");
      if (console?.uid === uid) return pass(`${name} is logged in`);
      const who =
        console?.uid === 0 || !console ? "nobody is logged in" : `uid ${console.uid} is logged in, not ${name}`;
      return fail(
        `${who} at the screen`,
        sudo("sysadminctl", "-autologin", "set", "-userName", name, "-password", "-"),
        sudo("shutdown", "-r", "now"),
      );
    }),
};

export const autoLogin: Check = {
  id: "auto-login",
  title: "auto-login of the agent's account",
  why: "After a reboot nobody is there to type a password, and FileVault asks for one before anything runs.",
  remedy: "`sudo sysadminctl -autologin set -userName ACCOUNT -password -`, `sudo fdesetup disable`",
  unsure: "the names of the preference and of its tool are from reports",
  only: "darwin",
  installed: true,
  probe: (subject) =>
    withScreen(subject, async ({ name }) => {
      const { machine } = subject;
      const domain = "/Library/Preferences/com.apple.loginwindow";
      const [user, vault] = [
        await outputOf(machine, "/usr/bin/defaults", ["read", domain, "autoLoginUser"]),
        await outputOf(machine, "/usr/bin/fdesetup", ["status"]),
      ];
      const set = sudo("sysadminctl", "-autologin", "set", "-userName", name, "-password", "-");
      const found = user.ok ? user.text.trim() : "";
      const findings: Finding[] = [
        found === name
          ? pass(name)
          : warn(found === "" ? "nobody is logged in by itself" : `${found} is, not ${name}`, set),
        vault.ok && /FileVault is On/.test(vault.text)
          ? warn("FileVault is on, which switches auto-login off", sudo("fdesetup", "disable"))
          : pass("FileVault"),
        // Without its password file the preference has no effect.
        found === name && machine.look("/etc/kcpassword") === null
          ? warn("/etc/kcpassword is missing", set)
          : pass(name),
      ];
      return together(findings, `${name}, and FileVault is off`);
    }),
};

export const screenLock: Check = {
  id: "screen-lock",
  title: "no screen saver, no lock",
  why: "Behind a locked screen windows are drawn, but get no input and no focus: tests of user interfaces fail.",
  remedy:
    "`sysadminctl -screenLock off -password -` as the account; screen saver off: `defaults -currentHost write com.apple.screensaver idleTime 0`",
  unsure: "the words of `sysadminctl -screenLock status` are from reports",
  only: "darwin",
  installed: true,
  needsRoot: true,
  probe: (subject) =>
    withScreen(subject, async ({ name, uid, gid }) => {
      const { machine } = subject;
      const as = { as: { uid, gid } };
      const saver = await outputOf(
        machine,
        "/usr/bin/defaults",
        ["-currentHost", "read", "com.apple.screensaver", "idleTime"],
        as,
      );
      const lock = await outputOf(machine, "/usr/sbin/sysadminctl", ["-screenLock", "status"], as);
      const asUser = (...words: readonly string[]) => sudo("-u", name, ...words);
      const seconds = saver.ok ? saver.text.trim() : "the usual";
      const findings: Finding[] = [
        seconds === "0"
          ? pass("no screen saver")
          : warn(
              `the screen saver starts after ${seconds} seconds`,
              asUser("defaults", "-currentHost", "write", "com.apple.screensaver", "idleTime", "-int", "0"),
            ),
        lock.ok && /screenLock is off/i.test(lock.text)
          ? pass("no lock")
          : warn(
              lock.ok && /screenLock delay is/i.test(lock.text)
                ? "the screen locks"
                : "whether the screen locks is not told",
              asUser("sysadminctl", "-screenLock", "off", "-password", "-"),
            ),
      ];
      return together(findings, "neither");
    }),
};
