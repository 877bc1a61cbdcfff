/**
 * A configuration profile for the Macs of a fleet. Its two payloads are Apple's "Privacy Preferences Policy Control" and
 * "Managed Login Items"; docs/release.md says what each is for, and what it costs.
 */
import { createHash } from "node:crypto";
import { agentLabel, helperLabel } from "../plists.ts";
import { renderPropertyList, type Value } from "../property-list.ts";

export interface ProfileOptions {
  /** Of the developer who has signed Node: ten capital letters and digits. */
  readonly teamId: string;
  /** Absolute path of Node's program, without links: macOS knows a process by that. */
  readonly node: string;
}

type Content = { readonly [key: string]: Value };

const identifier = "org.taskcluster.worker.profile";

/** The same content has the same UUID, another content another one: version 8 of RFC 9562, from SHA-256. */
function uuidOf(content: Content): string {
  const bytes = createHash("sha256").update(JSON.stringify(content)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes
    .toString("hex")
    .toUpperCase()
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The keys that each payload, and the profile itself, must have. */
function payload(type: string, name: string, displayName: string, content: Content): Content {
  const described = {
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: name,
    PayloadDisplayName: displayName,
    ...content,
  };
  return { ...described, PayloadUUID: uuidOf(described) };
}

/** Node, signed with a "Developer ID Application" certificate of this team: the two numbers are Apple's marks of those. */
function codeRequirement(teamId: string): string {
  return [
    'identifier "node"',
    "anchor apple generic",
    "certificate 1[field.1.2.840.113635.100.6.2.6] exists",
    "certificate leaf[field.1.2.840.113635.100.6.1.13] exists",
    `certificate leaf[subject.OU] = "${teamId}"`,
  ].join(" and ");
}

function privacyPolicy({ teamId, node }: ProfileOptions): Content {
  const grant = {
    Identifier: node,
    IdentifierType: "path",
    CodeRequirement: codeRequirement(teamId),
    StaticCode: false,
    Authorization: "Allow",
    Comment: "the helper deletes the accounts of tasks",
  };
  const type = "com.apple.TCC.configuration-profile-policy";
  return payload(type, `${identifier}.privacy`, "taskcluster-worker: accounts of tasks", {
    Services: { SystemPolicySysAdminFiles: [grant] },
  });
}

/** The agent's program in a graphics session is Apple's shell, which starts Node: no team of ours has signed that. */
function loginItems({ teamId }: ProfileOptions): Content {
  const rules = [
    { RuleType: "Label", RuleValue: helperLabel, TeamIdentifier: teamId, Comment: "the helper, which is root" },
    { RuleType: "Label", RuleValue: agentLabel, Comment: "the agent" },
  ];
  return payload("com.apple.servicemanagement", `${identifier}.jobs`, "taskcluster-worker: jobs", { Rules: rules });
}

/** The profile as a `.mobileconfig`, unsigned: the same options make the same bytes. */
export function renderProfile(options: ProfileOptions): string {
  return renderPropertyList(
    payload("Configuration", identifier, "taskcluster-worker", {
      PayloadScope: "System",
      PayloadContent: [privacyPolicy(options), loginItems(options)],
    }),
  );
}
