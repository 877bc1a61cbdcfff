/** The agent's side of the network in memory, as the player wants it. */

import type { HelperMessage } from "../../../shared/protocol/helper-messages.ts";
import { ATTACHED } from "../../../shared/protocol/limits.ts";
import type { Line, Listener, Wire } from "../player.ts";
import { drained } from "./clock.ts";
import type { Machine } from "./machine.ts";
import type { Peer } from "./network.ts";

interface Open {
  readonly peer: Peer;
  readonly told: Listener;
}

export class MemoryWire implements Wire {
  readonly #machine: Machine;
  readonly #look: () => void;
  #open: Open[] = [];

  /** `look` is called whenever everything has happened that needs no time. */
  constructor(machine: Machine, look: () => void) {
    this.#machine = machine;
    this.#look = look;
  }

  open(told: Listener): Line {
    const peer = this.#machine.network.connect();
    this.#open.push({ peer, told });
    return peer;
  }

  async settle(): Promise<void> {
    await drained();
    this.look();
  }

  /** Hands on what has come, then looks. */
  look(): void {
    let ended = false;
    for (const open of this.#open) {
      if (open.peer.text !== "" || open.peer.ended) this.#hear(open);
      ended ||= open.peer.ended;
    }
    if (ended) this.#open = this.#open.filter(({ peer }) => !peer.ended);
    this.#look();
  }

  #hear({ peer, told }: Open): void {
    if (peer.text.charCodeAt(0) === ATTACHED) {
      peer.text = peer.text.slice(1);
      told.acknowledged();
    }
    const frames = peer.text.split("\f");
    peer.text = frames.pop() ?? "";
    for (const frame of frames) told.message(JSON.parse(frame) as HelperMessage); // checked: against its schema, by the player
    if (peer.ended) told.closed();
  }
}
