/** Schemas of the helper's own files. Root runs only the code that is generated from them, never this. */
import { closed, opaque, type Schema } from "./schemas.ts";

const uid: Schema = { type: "integer", minimum: 4000, maximum: 59_999 };
const guid: Schema = { type: "string", pattern: "^([0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12})?$" };
const bounded = (minimum: number, maximum: number, value?: number): Schema => ({
  type: "integer",
  minimum,
  maximum,
  ...(value !== undefined && { default: value }),
});
/** An absolute path of at most `depth` plain components; `.` and `..` are none. */
const path = (depth: number): string => `^(/(?!\\.{1,2}(/|$))[A-Za-z0-9_.-]{1,64}){1,${depth}}$`;
const off: Schema = { type: "boolean", default: false };

const config: Record<string, Schema> = {
  uidRange: { type: "array", items: uid, minItems: 2, maxItems: 2, default: [5000, 5499] },
  maxUsers: bounded(1, 500, 100),
  maxParked: bounded(0, 500, 0),
  reuse: off,
  graphical: off,
  sessionUser: { type: "string", pattern: "^([A-Za-z_][A-Za-z0-9_.-]{0,63})?$", default: "" },
  shareAgentSession: off,
  maxGraphical: bounded(0, 16, 1),
  limits: {
    ...closed({ processes: bounded(16, 100_000), files: bounded(64, 1_000_000) }),
    default: { processes: 2000, files: 4096 },
  },
  umask: { type: "string", pattern: "^0[0-7]{3}$", default: "0022" },
  tasksDir: { type: "string", pattern: path(8) },
  dscl: { type: "string", pattern: path(16), default: "/usr/bin/dscl" },
  launchctl: { type: "string", pattern: `^$|${path(16)}`, default: "" },
};

const account: Record<string, Schema> = {
  name: { type: "string", pattern: "^(tcw-[a-z2-7]{8}|_tcworker)$" },
  uid,
  guid,
  groupGuid: guid,
};

export const rootSchemas: Record<string, Schema> = {
  /** helper.json: what root's owner decides. Every key may be absent; tasksDir depends on the platform. */
  config: closed(config, Object.keys(config)),
  /** A line of the journal. */
  taskUser: closed(
    {
      ...account,
      id: opaque,
      state: {
        type: "string",
        enum: ["planned", "creating", "ready", "killing", "deleting", "resting", "quarantined", "gone"],
      },
      parkId: opaque,
    },
    ["parkId"],
  ),
  /** What agent-account.ts knows: the account that it made, or null, and who uses it. */
  agentAccount: closed({
    made: { ...closed(account), nullable: true },
    users: { type: "array", items: { type: "string", pattern: "^(install|[0-9]{1,9} .{1,64})$" } },
  }),
};
