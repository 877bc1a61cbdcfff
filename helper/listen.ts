/** The helper's socket. Node cannot read who a peer is, so the directory's and the socket's modes are the authentication. */
import { chmodSync, existsSync, lchownSync, mkdirSync, rmdirSync, unlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { FrameError, FrameReader } from "../shared/protocol/frames.ts";
import { ATTACHED, limits } from "../shared/protocol/limits.ts";
import * as validators from "../shared/protocol/validators.js";
import { type Helper, publish } from "./helper.ts";
import { Session } from "./session.ts";
import { receive } from "./table.ts";

export class Listener {
  readonly #helper: Helper;
  readonly #server = createServer({ allowHalfOpen: true }, (socket) =>
    this.#silent.size < limits.silentConnections ? this.#accept(socket) : socket.destroy(),
  );
  /** One for each connection, until everything that it held has been ended. */
  readonly #sessions = new Set<Session>();
  /** Connections that have not sent their first frame. */
  readonly #silent = new Set<Session>();
  #control: Session | undefined;

  constructor(helper: Helper) {
    this.#helper = helper;
    this.#server.on("error", () => {}); // For want of descriptors, say: that peer sees its connection closed.
  }

  /** Listens in a directory root:gid 0750, so that nobody outside that group can reach the socket. */
  async listen(gid: number): Promise<void> {
    const { socketDir, socket } = this.#helper.places;
    this.#removeDirectory();
    mkdirSync(socketDir, 0o700);
    await new Promise<void>((resolve, reject) => this.#server.once("error", reject).listen(socket, resolve));
    lchownSync(socket, 0, gid);
    chmodSync(socket, 0o660);
    lchownSync(socketDir, 0, gid);
    chmodSync(socketDir, 0o750); // The last step: nobody but root can come here before.
  }

  /** Hears nobody any more. Resolves when everything that sessions held has been ended. */
  async close(): Promise<void> {
    this.#server.close();
    await Promise.all([...this.#sessions].map((session) => session.close()));
    this.#removeDirectory();
  }

  #removeDirectory(): void {
    const { socketDir, socket } = this.#helper.places;
    if (existsSync(socket)) unlinkSync(socket);
    if (existsSync(socketDir)) rmdirSync(socketDir);
  }

  /** A connection's first frame says what it is: a control connection, or the stdin or output of a command to come. */
  #accept(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    const session = new Session(this.#helper, socket);
    const reader = new FrameReader();
    this.#sessions.add(session);
    this.#silent.add(session);
    let deadline: NodeJS.Timeout | undefined = setTimeout(() => socket.destroy(), limits.idleConnectionMs);
    const heard = (): void => {
      this.#silent.delete(session);
      clearTimeout(deadline);
      deadline = undefined;
    };
    const late = (): void => session.fatal(new FrameError("frame-timeout", "a frame did not end"));
    const read = (chunk: Buffer): void => {
      try {
        for (const frame of reader.push(chunk)) {
          heard();
          const { type, data } = messageIn(frame);
          if (type === "attach" && session !== this.#control) {
            this.#attach(data, socket.off("data", read));
            return;
          }
          this.#admit(session);
          receive(session, type, data);
        }
        if (reader.pending > 0) deadline ??= setTimeout(late, limits.frameMs);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        socket.off("data", read);
        session.fatal(error);
      }
    };
    socket.on("data", read);
    socket.on("end", () => socket.end());
    socket.once("close", () => {
      heard();
      void this.#dismiss(session);
    });
  }

  #attach(data: unknown, socket: Socket): void {
    if (!validators.attach(data) || !this.#control?.tickets.attach(data.ticket, socket)) {
      throw new FrameError("unknown-id", "a ticket that nobody was given");
    }
    socket.pause().write(Uint8Array.of(ATTACHED));
  }

  #admit(session: Session): void {
    this.#control ??= session;
    if (this.#control !== session) throw new FrameError("busy", "another agent is connected");
    this.#helper.news.agent = true;
  }

  async #dismiss(session: Session): Promise<void> {
    if (this.#control === session) this.#control = undefined;
    this.#helper.news.agent = this.#control !== undefined;
    await session.close();
    this.#sessions.delete(session);
    publish(this.#helper);
  }
}

/** A frame as a message. Throws FrameError for anything that is none. */
function messageIn(frame: unknown): { type: string; data: unknown } {
  if (typeof frame === "object" && frame !== null && Object.keys(frame).join() === "type,data") {
    const { type, data } = frame as { type: unknown; data: unknown }; // checked: the line above
    if (typeof type === "string") return { type, data };
  }
  throw new FrameError("message-invalid", "a frame that is no message");
}
