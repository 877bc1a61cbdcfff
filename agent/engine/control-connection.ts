/**
 * The agent's one control connection, over node-ipc in its guarded profile: silent, bounded frames, no reconnect. What
 * arrives is checked before anyone sees it. Whatever goes wrong ends the connection for good, with one reason.
 */
import { IPCModule, type IpcClient } from "node-ipc";
import type { HelperMessage } from "../../shared/protocol/helper-messages.ts";
import { limits } from "../../shared/protocol/limits.ts";
import { messageOf } from "../thrown.ts";
import { EngineError } from "./engine.ts";
import { readHelperMessage } from "./helper-messages.ts";

const ID = "helper";

export interface ControlEvents {
  message(message: HelperMessage): void;
  /** Called once. `cause` is set when the system refused the connection or broke it. */
  ended(reason: EngineError, cause: unknown): void;
}

export class ControlConnection {
  readonly #ipc = new IPCModule();
  readonly #client: IpcClient;
  readonly #events: ControlEvents;
  #open = true;

  /** Begins to connect; what goes wrong arrives at `events.ended`. */
  constructor(socketPath: string, events: ControlEvents) {
    this.#events = events;
    Object.assign(this.#ipc.config, {
      silent: true,
      parser: "guarded",
      // node-ipc counts a frame without its form feed.
      maxMessageSize: limits.frameBytes - 1,
      messageTimeout: limits.frameMs,
      maxRetries: 0,
      stopRetrying: true,
    });
    this.#ipc.connectTo(ID, socketPath);
    const client = this.#ipc.of[ID];
    if (!client) throw new EngineError("helper-lost", "The connection to the helper could not be made.");
    this.#client = client;
    client.on("*", (type, data) => this.#heard(type, data));
  }

  /** Throws when the frame is larger than the protocol allows. */
  send(type: string, data: object): void {
    this.#client.emit(type, data);
  }

  /** Ends the connection; `events.ended` gets this reason unless it had another. */
  end(reason: EngineError, cause?: unknown): void {
    if (!this.#open) return;
    this.#open = false;
    this.#ipc.disconnect(ID);
    this.#events.ended(reason, cause);
  }

  /** Never throws: node-ipc would drop the rest of what arrived. */
  #heard(type: string, data: unknown): void {
    if (!this.#open || type === "connect") return;
    if (type === "error") {
      this.end(new EngineError("helper-lost", `The connection to the helper failed: ${messageOf(data)}.`), data);
    } else if (type === "disconnect" || type === "destroy") {
      this.end(new EngineError("helper-lost", "The helper closed the connection."));
    } else {
      const message = readHelperMessage(type, data);
      if (message) this.#events.message(message);
      else this.end(new EngineError("helper-lost", "The helper sent a message that the protocol does not know."));
    }
  }
}
