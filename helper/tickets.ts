/** Tickets of one session. Each is for one data connection, which waits with it for the spawn that names it. */
import type { Socket } from "node:net";
import { limits } from "../shared/protocol/limits.ts";
import type { Ticket } from "../shared/protocol/messages.ts";
import { newId } from "./accounts.ts";
import { Refusal } from "./refusal.ts";

export class Tickets {
  readonly #waiting = new Map<Ticket, { socket?: Socket; timer: NodeJS.Timeout }>();

  /** A new one. Throws a Refusal when too many wait. */
  give(): Ticket {
    if (this.#waiting.size >= limits.waitingTickets) throw new Refusal("ticket-limit", "too many tickets wait");
    const ticket = newId<Ticket>();
    this.#waiting.set(ticket, { timer: setTimeout(() => this.#remove(ticket)?.destroy(), limits.idleConnectionMs) });
    return ticket;
  }

  /** A data connection shows its ticket. False: nobody was given it, or it has a connection already. */
  attach(ticket: Ticket, socket: Socket): boolean {
    const waiting = this.#waiting.get(ticket);
    if (!waiting || waiting.socket) return false;
    waiting.socket = socket;
    socket.once("close", () => this.#remove(ticket)?.destroy());
    return true;
  }

  /** The connection behind a ticket, which is used up: the caller closes it. Throws a Refusal when none waits. */
  take(ticket: Ticket): Socket {
    const socket = this.#waiting.get(ticket)?.socket;
    if (!socket || socket.destroyed) throw new Refusal("ticket-expired", "no data connection waits with this ticket");
    this.#remove(ticket);
    return socket;
  }

  #remove(ticket: Ticket): Socket | undefined {
    const waiting = this.#waiting.get(ticket);
    clearTimeout(waiting?.timer);
    this.#waiting.delete(ticket);
    return waiting?.socket;
  }

  close(): void {
    for (const ticket of [...this.#waiting.keys()]) this.#remove(ticket)?.destroy();
  }
}
