/** When the helper may close a connection, and when it must have: the times of docs/protocol.md. */
import { limits } from "../../shared/protocol/limits.ts";
import { deny, type Eyes } from "./eyes.ts";
import type { Connection } from "./held.ts";
import { isWaiting } from "./verdicts.ts";

/** A helper that is told to end may close every one. */
export function mayClose(connection: Connection, eyes: Eyes): boolean {
  const { role, since, ticket } = connection;
  if (connection.left || connection.told || connection.unwelcome) return true;
  if (role === "silent") return eyes.now() >= since + limits.idleConnectionMs;
  if (role !== "data" || !ticket) return false;
  if (ticket.state === "used") return !ticket.process || !eyes.exact || !eyes.isAlive(ticket.process.pid);
  const { owner, spent } = ticket;
  // Which of the two closings is heard first is open: of connections that end at once, the older one.
  const ownerEnds = owner.role === "closed" || owner.left || owner.doom !== undefined;
  return spent || !isWaiting(ticket, eyes.now()) || ownerEnds;
}

/** Nothing more happens without time: what was due on the connection must have come. */
export function checkDue(connection: Connection, now: number): void {
  const { doom, role, since, ticket, torn } = connection;
  connection.perhaps = new Set();
  const late = (what: string): never => deny(`connection ${connection.number} ${what}`);
  if (connection.unwelcome) late("is one too many, and open");
  if (doom) late(`broke the protocol (${[...doom].join(" or ")}), and is open`);
  if (role === "silent" && now > since + limits.idleConnectionMs) late("says nothing for too long, and is open");
  if (torn !== undefined && now > torn + limits.frameMs) late("has not ended its frame, and is open");
  if (role === "data" && !connection.acknowledged) late("showed a good ticket, and was not taken");
  for (const pending of connection.pending.values()) {
    pending.room?.look();
    if (pending.allowed && !connection.left) late(`waits for the answer to ${pending.request}`);
  }
  if (role !== "data" || !ticket || ticket.state === "used") return;
  ticket.spent = false;
  const over = ticket.owner.role === "closed" || now > ticket.given + limits.idleConnectionMs;
  if (over && !connection.left) late("waits with a ticket that is over");
}
