/** Frames that are none, or that a schema refuses, each with the code that docs/protocol.md gives it. */
import type { Frame } from "./held.ts";

export interface Junk {
  readonly bytes: string | Uint8Array;
  readonly frame: Frame;
}

const opaque = "0123456789abcdef0123456789abcdef";

/** No strict JSON. */
const malformed: (string | Uint8Array)[] = [
  "\f",
  "{}x\f",
  '{"type":"ticket","data":{"id":1,"id":2}}\f',
  '{"type":"ticket", "data":{"id":7}}\f',
  '{"type":"ticket","data":{"id":7.0}}\f',
  '{"type":"ticket","data":{"id":1e2}}\f',
  Uint8Array.of(0x22, 0xff, 0x22, 0x0c),
  '{"type":"ticket","data":{"id":7}}\n\f',
];

/** Strict JSON, and no message; or a message that its schema refuses. */
const invalid: unknown[] = [
  null,
  [],
  { type: "ticket" },
  { data: { id: 1 }, type: "ticket" },
  { type: "ticket", data: { id: 1 }, uid: 0 },
  { type: 7, data: {} },
  { type: "status", data: { id: 1 } },
  { type: "constructor", data: { id: 1 } },
  { type: "hello", data: { id: 0, protocol: 1 } },
  { type: "hello", data: { id: 1 } },
  { type: "ticket", data: { id: 1.5 } },
  { type: "ticket", data: { id: "1" } },
  { type: "ticket", data: null },
  { type: "createUser", data: { id: 1, uid: 0 } },
  { type: "createUser", data: { id: 1, name: "root" } },
  { type: "createUser", data: { id: 1, reuse: "../../etc" } },
  { type: "spawn", data: { id: 1, user: opaque, argv: [], env: {} } },
  { type: "spawn", data: { id: 1, user: opaque, argv: ["ends"], env: { UID: "0" } } },
  { type: "spawn", data: { id: 1, user: opaque, argv: ["ends"], env: {}, uid: 0 } },
  { type: "spawn", data: { id: 1, user: opaque, argv: ["ends"], env: {}, cwd: "relative" } },
  { type: "spawn", data: { id: 1, user: "root", argv: ["ends"], env: {} } },
  { type: "signal", data: { id: 1, process: 1, signal: "SIGKILL" } },
  { type: "signal", data: { id: 1, process: opaque, signal: "SIGSEGV" } },
  { type: "deleteUser", data: { id: 1, user: opaque, park: false } },
];

/** One of them, by number. */
export function junk(kind: number): Junk {
  const bytes = malformed[kind % (malformed.length + invalid.length)];
  if (bytes !== undefined) return { bytes, frame: { type: "", data: {}, wrong: "frame-malformed" } };
  const value = invalid[(kind - malformed.length) % invalid.length];
  return { bytes: `${JSON.stringify(value)}\f`, frame: { type: "", data: {}, wrong: "message-invalid" } };
}
