/**
 * One closed JSON Schema for each message, by its `type`. ajv compiles them:
 * at run time in the agent, ahead of time (`npm run generate`) into import-free code for the helper. A test holds both
 * to the same verdict. No `minLength`, object `const` or `format`: they would drag ajv's run-time into root.
 */
import { errorCodes } from "./errors.ts";
import { limits, signals } from "./limits.ts";

export type Schema = Record<string, unknown>;

export const opaque: Schema = { type: "string", pattern: "^[0-9a-f]{32}$" };
const requestId: Schema = { type: "integer", minimum: 1, maximum: 2 ** 48 };
const count: Schema = { type: "integer", minimum: 0, maximum: 2 ** 48 };
const text: Schema = { type: "string", pattern: "^[^\\u0000-\\u001f\\u007f]{0,4096}$" };
const absolute: Schema = { type: "string", pattern: "^/[^\\u0000]{0,1023}$" };
const word: Schema = { type: "string", pattern: `^[^\\u0000]{0,${limits.stringBytes}}$` };

/** bash holds these read-only: an `export` of one fails, so a task cannot be given them. */
export const readOnlyNames = ["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"] as const;
export const envNamePattern = `^(?!(?:${readOnlyNames.join("|")})$)[A-Za-z_][A-Za-z0-9_]{0,255}$`;

export function closed(properties: Record<string, Schema>, optional: string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

const residue = closed({ processes: count, shared: count });
const results: Record<string, Schema> = {
  hello: closed({
    protocol: count,
    helperVersion: text,
    limits: closed({
      maxUsers: count,
      maxGraphical: count,
      frameBytes: count,
      argvEnvBytes: count,
      stringBytes: count,
    }),
    live: count,
    resting: { type: "array", items: opaque, maxItems: 1000 },
    quarantined: count,
  }),
  createUser: closed({ user: opaque, name: text, uid: count, home: absolute }),
  ticket: closed({ ticket: opaque }),
  spawn: closed({ process: opaque, pid: count }),
  signal: closed({ delivered: { type: "boolean" } }),
  killUser: closed({ killed: count }),
  deleteUser: closed(
    {
      state: { type: "string", enum: ["gone", "resting", "quarantined"] },
      parkId: opaque,
      found: residue,
      removed: residue,
      left: closed({ processes: count, shared: count, home: { type: "boolean" }, account: { type: "boolean" } }),
      auditHead: { type: "string", pattern: "^[0-9a-f]{64}$" },
    },
    ["parkId"],
  ),
};
const requestNames = Object.keys(results);
const errorCode: Schema = { type: "string", enum: Object.keys(errorCodes) };

/** What the agent may send. */
export const clientSchemas: Record<string, Schema> = {
  hello: closed({ id: requestId, protocol: { type: "integer", minimum: 1, maximum: 1000 } }),
  createUser: closed({ id: requestId, reuse: opaque }, ["reuse"]),
  ticket: closed({ id: requestId }),
  spawn: closed(
    {
      id: requestId,
      user: opaque,
      argv: { type: "array", items: word, minItems: 1, maxItems: 4096 },
      env: {
        type: "object",
        propertyNames: { pattern: envNamePattern },
        additionalProperties: word,
        maxProperties: 4096,
      },
      cwd: absolute,
      stdin: opaque,
      output: opaque,
      graphical: { type: "boolean", const: true },
    },
    ["cwd", "stdin", "output", "graphical"],
  ),
  signal: closed({ id: requestId, process: opaque, signal: { type: "string", enum: [...signals] } }),
  killUser: closed({ id: requestId, user: opaque }),
  deleteUser: closed({ id: requestId, user: opaque, park: { type: "boolean", const: true } }, ["park"]),
  attach: closed({ ticket: opaque }),
};

/** What the helper may send. */
export const helperSchemas: Record<string, Schema> = {
  answer: {
    type: "object",
    required: ["id", "request", "result"],
    oneOf: requestNames.map((name) =>
      closed({ id: requestId, request: { type: "string", const: name }, result: results[name] ?? {} }),
    ),
  },
  refused: closed({ id: requestId, request: { type: "string", enum: requestNames }, code: errorCode, message: text }),
  exited: closed({
    process: opaque,
    code: { type: ["integer", "null"], minimum: 0, maximum: 255 },
    signal: { type: ["string", "null"], pattern: "^SIG[A-Z0-9]{1,12}$" },
    userMs: count,
    systemMs: count,
  }),
  fatal: closed({ code: errorCode, message: text }),
};
