/** The agent's side of real sockets, as the player wants it. */
import { connect } from "node:net";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { HelperMessage } from "../../shared/protocol/helper-messages.ts";
import { ATTACHED } from "../../shared/protocol/limits.ts";
import type { Line, Listener, Wire } from "./player.ts";

/** Long enough for an answer at once, mostly; where it is not, the reference allows what else may have happened. */
const settleMs = 12;

export class RealWire implements Wire {
  readonly #path: string;
  /** What went wrong while something came in. */
  error: unknown;

  constructor(path: string) {
    this.#path = path;
  }

  open(told: Listener): Line {
    const socket = connect(this.#path);
    let text = "";
    const guarded = (work: () => void): void => {
      try {
        if (this.error === undefined) work();
      } catch (error) {
        this.error = error;
      }
    };
    let data = false;
    socket.on("error", () => {}); // "close" follows.
    socket.on("data", (bytes: Buffer) => {
      guarded(() => {
        if (!data && text === "" && bytes[0] === ATTACHED) {
          data = true;
          told.acknowledged();
        }
        if (data) return;
        const frames = `${text}${bytes.toString("utf8")}`.split("\f");
        text = frames.pop() ?? "";
        for (const frame of frames) told.message(JSON.parse(frame) as HelperMessage); // checked: by the reference's use
      });
    });
    socket.once("close", () => guarded(() => told.closed()));
    return {
      send: (bytes) => socket.write(bytes),
      // Abrupt when something is left unread, which chance decides: a Unix socket cannot be told to reset.
      close: () => socket.destroy(),
    };
  }

  async settle(): Promise<void> {
    await delay(settleMs);
    await turn();
    if (this.error !== undefined) throw this.error;
  }
}
