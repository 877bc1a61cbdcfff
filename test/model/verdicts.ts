/** What docs/protocol.md allows in answer to a frame, by the state that its connection and user are in. */
import type { ErrorCode } from "../../shared/protocol/errors.ts";
import { limits, PROTOCOL } from "../../shared/protocol/limits.ts";
import type { Connection, Frame, Pending, Ticket, User, Verdict } from "./held.ts";

/** What goes wrong on the machine and may be answered with each of these; nothing else excuses it. */
const directoryFaults = [
  "dscl-flaky",
  "dscl-killed",
  "dscl-unreadable",
  "dscl-lies",
  "dscl-hangs",
  "id-blind",
  "uid-taken",
  "replaced",
] as const;
export const excuses = {
  createFailed: [...directoryFaults, "mkdir-fails"],
  killFailed: ["ps-fails", "ps-blind", "deathless"],
  quarantined: [
    ...directoryFaults,
    "ps-fails",
    "ps-blind",
    "deathless",
    "sweep-leaves",
    "sweep-hangs",
    "home-stays",
    "comes-back",
  ],
  resting: ["tcc"],
  journal: ["journal-full", "audit-full"],
  spawnFailed: ["no-process"],
} as const;

const maxProcesses = 256;
const namesUser = new Set(["spawn", "killUser", "deleteUser"]);

/** The user that a request names: undefined when the connection holds none of that id. */
export function namedUser(connection: Connection, { data }: Frame): User | undefined {
  return connection.users.get(String(data["user"]));
}

/** How the state of what the request is about is called in the table of what was tried. */
export function stateFor(connection: Connection, frame: Frame, other: boolean): string {
  if (connection.role === "silent" && frame.type !== "attach") return other ? "beside another" : "first frame";
  if (!connection.greeted) return connection.role === "silent" ? "first frame" : "not greeted";
  if (!namesUser.has(frame.type)) return "greeted";
  return namedUser(connection, frame)?.state ?? "no such user";
}

/** The codes of which one ends the connection. None: the frame is taken up. `other`: another control connection is open. */
export function fatalCodes(connection: Connection, frame: Frame, other: boolean): Set<ErrorCode> {
  if (frame.wrong === "frame-malformed") return new Set([frame.wrong]);
  const codes = new Set<ErrorCode>();
  if (frame.wrong) codes.add(frame.wrong);
  if (connection.role === "silent" && other) codes.add("busy");
  if (frame.type === "attach") codes.add("message-invalid");
  if ((frame.type === "hello") === connection.greeted) codes.add("not-now");
  if (namesUser.has(frame.type) && connection.greeted) {
    const state = namedUser(connection, frame)?.state;
    if (state === undefined || state === "over") codes.add("unknown-id");
    else if (state !== "ready") codes.add("not-now");
  }
  return codes;
}

/** Whether a data connection that shows the ticket now is taken. */
export function mayAttach(ticket: Ticket | undefined, now: number): ticket is Ticket {
  return ticket?.state === "given" && ticket.owner.role === "control" && now < ticket.given + limits.idleConnectionMs;
}

export function isWaiting(ticket: Ticket, now: number): boolean {
  const waits = ticket.state === "given" || ticket.state === "attached";
  return waits && now < ticket.given + limits.idleConnectionMs;
}

/** Requests of that kind that are being answered well, in all likelihood. */
function asked({ pending }: Connection, name: string): number {
  return [...pending.values()].filter(({ request, allowed }) => request === name && (allowed?.has("answer") ?? true))
    .length;
}

function ticketVerdicts(connection: Connection, now: number): Verdict[] {
  const waiting = [...connection.tickets.values()].filter((ticket) => isWaiting(ticket, now));
  // Whether the helper has seen yet that the other end of a waiting connection is gone is open.
  const sure = waiting.filter((ticket) => !ticket.spent && !ticket.connection?.left);
  const coming = asked(connection, "ticket");
  if (waiting.length + coming < limits.waitingTickets) return ["answer"];
  return sure.length + coming < limits.waitingTickets ? ["answer", "refused ticket-limit"] : ["refused ticket-limit"];
}

function spawnVerdicts(connection: Connection, { data }: Frame, now: number): Verdict[] {
  const refused: Verdict[] = [];
  if (data["graphical"]) refused.push("refused not-allowed");
  const living = [...connection.processes.values()].filter(({ exited }) => !exited);
  if (living.length >= maxProcesses) refused.push("refused spawn-failed");
  const named = [data["stdin"], data["output"]].filter((id) => id !== undefined).map(String);
  const tickets = named.map((id) => connection.tickets.get(id));
  const usable = (ticket: Ticket | undefined): boolean => ticket?.state === "attached" && isWaiting(ticket, now);
  if (!tickets.every(usable) || new Set(named).size < named.length) refused.push("refused ticket-expired");
  if (refused.length > 0) return refused;
  const verdicts: Verdict[] = ["answer"];
  if (tickets.some((ticket) => ticket?.spent || ticket?.connection?.left)) verdicts.push("refused ticket-expired");
  // Those before it in the same bytes may have failed.
  if (living.length + asked(connection, "spawn") >= maxProcesses) verdicts.push("refused spawn-failed");
  return verdicts;
}

/** Undefined: it takes time, and what may be answered is known only then. */
export function verdictsAtOnce(connection: Connection, frame: Frame, now: number): Set<Verdict> | undefined {
  const { type, data } = frame;
  switch (type) {
    case "hello":
      return new Set([data["protocol"] === PROTOCOL ? "answer" : "refused protocol-version"]);
    case "ticket":
      return new Set(ticketVerdicts(connection, now));
    case "spawn":
      return new Set(spawnVerdicts(connection, frame, now));
    case "createUser":
      return data["reuse"] ? new Set(["refused not-allowed"]) : undefined;
    case "deleteUser":
      return data["park"] ? new Set(["refused not-allowed"]) : undefined;
    case "signal":
      return new Set(["answer"]);
    default:
      return undefined;
  }
}

/** What may be answered besides, because something went wrong since the request or the making of its user. */
export function excusedVerdicts(pending: Pending, went: (kinds: readonly string[]) => boolean): Verdict[] {
  const verdicts: Verdict[] = [];
  const { request } = pending;
  if ((request === "createUser" || request === "spawn") && went(excuses.journal))
    verdicts.push("refused journal-unwritable");
  if (request === "createUser" && went(excuses.createFailed)) verdicts.push("refused create-failed");
  if (pending.room?.wasShort) verdicts.push("refused no-free-user");
  if (request === "spawn" && went(excuses.spawnFailed)) verdicts.push("refused spawn-failed");
  if (request === "killUser" && went(excuses.killFailed)) verdicts.push("refused kill-failed");
  return verdicts;
}
