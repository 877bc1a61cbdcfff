/** The two configuration files, and the keys that one may name. */
import type { Check } from "../check.ts";
import { type Finding, fail, pass, together, warn } from "../finding.ts";
import type { AgentAccount } from "../installation.ts";
import type { Machine } from "../machine.ts";
import { chmod, chown, reinstall, sudo, withoutAgent } from "./fixes.ts";

/** Uids behind these are for run-task and --with-helper. */
const lastInstalledUid = 5499;

export const helperConfig: Check = {
  id: "helper-config",
  title: "helper.json, root's own settings",
  why: "The helper does not start with a file that it cannot understand; what widens root's rights is switched on only here.",
  remedy: "mend the file that is named, or `sudo ./taskcluster-worker install` to have it written anew",
  installed: true,
  probe({ machine, paths }) {
    const path = paths.helperConfig;
    if (!machine.look(path)) return fail(`${path} is missing`, reinstall);
    let config: ReturnType<Machine["helperConfig"]>;
    try {
      config = machine.helperConfig(path);
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error), sudo("vi", path));
    }
    const { uidRange, tasksDir, shareAgentSession } = config;
    const [first, last] = uidRange;
    const findings = [
      last > lastInstalledUid
        ? fail(`uidRange ${first}-${last} reaches into that of run-task (from 5500)`, sudo("vi", path))
        : pass(path),
      shareAgentSession
        ? warn("shareAgentSession is true: a task with the screen can become the agent", sudo("vi", path))
        : pass(path),
      machine.look(tasksDir)?.kind === "directory"
        ? pass(tasksDir)
        : fail(`tasksDir ${tasksDir} is no directory`, sudo("mkdir", "-m", "0711", tasksDir)),
    ];
    return together(findings, `uids ${first}-${last}, homes in ${tasksDir}`);
  },
};

function judgeSecret(machine: Machine, path: string, owner: AgentAccount): Finding {
  const entry = machine.look(path);
  if (!entry) return fail(`${path} is missing`, sudo("vi", path));
  const findings = [
    entry.uid === owner.uid
      ? pass(path)
      : fail(`${path} is owned by uid ${entry.uid}, not by the agent's account ${owner.name}`, chown(owner.name, path)),
    (entry.mode & 0o077) === 0
      ? pass(path)
      : fail(
          `others than the agent can read ${path} (mode ${entry.mode.toString(8).padStart(4, "0")})`,
          chmod(0o600, path),
        ),
  ];
  return together(findings, `${path} is ${owner.name}'s alone`);
}

export const workerConfig: Check = {
  id: "worker-config",
  title: "worker.yml, the worker's settings and credentials",
  why: "Every task user tries to read it before its task begins; a worker whose task users could is ended.",
  remedy: "`sudo chown ACCOUNT worker.yml`, `sudo chmod 0600 worker.yml`",
  installed: true,
  probe({ machine, paths, installation }) {
    if (!installation?.agent) return withoutAgent;
    return judgeSecret(machine, paths.workerConfig, installation.agent);
  },
};

/** No YAML is parsed as root: one line is looked for, and a file is looked at, never opened. */
const keyLine = /^[ \t]*["']?ed25519SigningKeyLocation["']?[ \t]*:[ \t]*["']?(\/[^"'\n,}]*)/im;

export const signingKeys: Check = {
  id: "signing-keys",
  title: "owner and mode of a signing key",
  why: "Whoever can read it can sign artifacts as this worker; task users are others on the same machine.",
  remedy: "`sudo chown ACCOUNT KEY`, `sudo chmod 0600 KEY`",
  needsRoot: true,
  installed: true,
  probe({ machine, paths, installation }) {
    const path = keyLine.exec(machine.read(paths.workerConfig) ?? "")?.[1]?.trim();
    if (path === undefined) return pass("worker.yml names none");
    if (!installation?.agent) return withoutAgent;
    return judgeSecret(machine, path, installation.agent);
  },
};
