/** The reserved uids: nobody else in them, and nobody forgotten. */
import type { Check } from "../check.ts";
import { type Finding, fail, pass, together, warn } from "../finding.ts";
import { allStatuses } from "../helper-status.ts";
import { type Machine, outputOf } from "../machine.ts";
import { restartHelper, sudo } from "./fixes.ts";

/** The agent's account and all task users. */
const reserved = [4900, 5999] as const;
const ours = /^(tcw-[a-z2-7]{8}|_tcworker)$/;
const taskUser = /^tcw-[a-z2-7]{8}$/;

interface Id {
  readonly name: string;
  /** Null for what is no number: libinfo takes it for some other. */
  readonly id: number | null;
}

type Ids = { readonly ok: true; readonly ids: readonly Id[] } | { readonly ok: false; readonly why: string };

const numberOf = (text: string): number | null => (/^-?\d{1,10}$/.test(text) ? Number(text) : null);

/** The name is all but the last column: `dscl -list` pads, getent has colons. */
function parse(text: string, line: RegExp): Id[] {
  return text.split("\n").flatMap((row) => {
    const found = line.exec(row);
    return found ? [{ name: found[1] ?? "", id: numberOf(found[2] ?? "") }] : [];
  });
}

async function idsOf(machine: Machine, what: "users" | "groups"): Promise<Ids> {
  if (machine.platform === "darwin") {
    const query = what === "users" ? ["/Users", "UniqueID"] : ["/Groups", "PrimaryGroupID"];
    const output = await outputOf(machine, "/usr/bin/dscl", [".", "-list", ...query]);
    return output.ok ? { ok: true, ids: parse(output.text, /^(\S.*?)\s+(\S+)$/) } : output;
  }
  const output = await outputOf(machine, "/usr/bin/getent", [what === "users" ? "passwd" : "group"]);
  return output.ok ? { ok: true, ids: parse(output.text, /^([^:]+):[^:]*:([^:]*):/) } : output;
}

const remedyOf = (machine: Machine, what: "users" | "groups", name: string): string => {
  if (machine.platform !== "darwin")
    return sudo(what === "users" ? "usermod" : "groupmod", what === "users" ? "-u" : "-g", "NEW", name);
  const [folder, key] = what === "users" ? ["Users", "UniqueID"] : ["Groups", "PrimaryGroupID"];
  return sudo("dscl", ".", "-change", `/${folder}/${name}`, key, "OLD", "NEW");
};

async function judgeForeign(machine: Machine, what: "users" | "groups"): Promise<Finding> {
  const found = await idsOf(machine, what);
  if (!found.ok) return fail(`the ${what} cannot be listed: ${found.why}`, "dscl . -list /Users UniqueID");
  const findings = found.ids.map(({ name, id }): Finding => {
    if (ours.test(name)) return pass(name);
    const kind = what === "users" ? "user" : "group";
    if (id === null) return warn(`the ${kind} ${name} has an id that is no number`, remedyOf(machine, what, name));
    if (id < reserved[0] || id > reserved[1]) return pass(name);
    return fail(`the ${kind} ${name} has the id ${id}`, remedyOf(machine, what, name));
  });
  return together(findings, what);
}

export const uids: Check = {
  id: "uids",
  title: `no foreign users and groups from ${reserved[0]} to ${reserved[1]}`,
  why: "What a task user leaves belongs to its uid: an account with the same would own it, and the kill would reach its processes.",
  remedy: "give the account another uid, or the helper another `uidRange`",
  async probe({ machine }) {
    const findings = [await judgeForeign(machine, "users"), await judgeForeign(machine, "groups")];
    return together(findings, "none but ours");
  },
};

export const staleUsers: Check = {
  id: "stale-users",
  title: "no task users that nobody looks after",
  why: "An account that outlives its helper has not been proven clean, and takes a uid from the range.",
  remedy: "start the helper of the instance: it first ends what an earlier one left; a quarantined user needs a reboot",
  async probe({ machine, paths, launcher }) {
    const found = await idsOf(machine, "users");
    if (!found.ok) return fail(`the users cannot be listed: ${found.why}`, "dscl . -list /Users UniqueID");
    const there = found.ids.filter(({ name }) => taskUser.test(name)).length;
    const findings: Finding[] = [];
    let known = 0;
    for (const [instance, status] of allStatuses(machine, paths.stateRoot)) {
      const { live, resting, quarantined, runs } = status;
      known += live + resting + quarantined;
      const begin = instance === "default" ? restartHelper : sudo(launcher, "run-task", "examples/hello.yml");
      if (live > 0 && !runs) findings.push(warn(`${live} of ${instance} were left by a helper that is gone`, begin));
      if (quarantined > 0) {
        const why = `${quarantined} of ${instance} could not be proven clean (quarantined)`;
        findings.push(
          fail(why, sudo(launcher, "audit", "show", "--instance", instance), sudo("shutdown", "-r", "now")),
        );
      }
    }
    if (there > known) {
      const what = `${there} accounts tcw-… are there, the helpers know of ${known}`;
      findings.push(warn(what, "dscl . -list /Users UniqueID | grep tcw-"));
    }
    return together(findings, `${there} accounts, all known to a helper`);
  },
};
