/** The helper's socket. Node cannot read who a peer is, so the directory's and the socket's modes are the authentication. */
import { chmodSync, lchownSync, lstatSync, mkdirSync, rmdirSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { encodeFrame, FrameError, FrameReader } from "../shared/protocol/frames.ts";
import { ATTACHED, limits } from "../shared/protocol/limits.ts";
import * as validators from "../shared/protocol/validators.js";
import type { Helper } from "./main.ts";
import type { Places } from "./places.ts";
import { messageOf, Session } from "./session.ts";

/** Makes the socket's directory root:gid 0750, so that nobody outside that group can reach the socket. */
export function makeSocketDirectory({ socketDir, socket }: Places, gid: number): void {
  removeSocketDirectory({ socketDir, socket });
  mkdirSync(socketDir, 0o700);
  lchownSync(socketDir, 0, gid);
  chmodSync(socketDir, 0o750);
}

export function removeSocketDirectory({ socketDir, socket }: Pick<Places, "socketDir" | "socket">): void {
  if (lstatSync(socket, { throwIfNoEntry: false })) unlinkSync(socket);
  if (lstatSync(socketDir, { throwIfNoEntry: false })) rmdirSync(socketDir);
}

export function listen(helper: Helper, path: string, gid: number): Promise<Server> {
  let silent = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    if (silent >= limits.silentConnections) {
      socket.destroy();
      return;
    }
    silent += 1;
    const timer = setTimeout(() => socket.destroy(), limits.idleConnectionMs);
    const heard = once(() => {
      silent -= 1;
      clearTimeout(timer);
    });
    socket.once("close", heard);
    converse(socket, helper, heard);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const before = process.umask(0o177);
    server.listen(path, () => {
      process.umask(before);
      lchownSync(path, 0, gid);
      chmodSync(path, 0o660);
      resolve(server);
    });
  });
}

/** A connection's first frame says what it is: a control connection, or the stdin or output of a command to come. */
function converse(socket: Socket, helper: Helper, heard: () => void): void {
  const reader = new FrameReader();
  let session: Session | undefined;
  let late: NodeJS.Timeout | undefined;
  const fail = (error: unknown): void => {
    if (!(error instanceof FrameError)) throw error;
    socket.off("data", read);
    if (session) {
      session.fatal(error);
      return;
    }
    helper.audit.note("protocol-error", { code: error.code, message: error.message });
    socket.end(encodeFrame({ type: "fatal", data: { code: error.code, message: error.message } }));
    socket.destroySoon();
  };
  const read = (chunk: Buffer): void => {
    try {
      for (const frame of reader.push(chunk)) {
        heard();
        clearTimeout(late);
        late = undefined;
        if (!session && messageOf(frame).type === "attach") {
          attach(socket, helper, read, messageOf(frame).data);
          return;
        }
        session ??= helper.admit(new Session(socket, helper));
        session.receive(frame);
      }
      if (reader.pending > 0)
        late ??= setTimeout(() => fail(new FrameError("frame-timeout", "a frame did not end")), limits.frameMs);
    } catch (error) {
      fail(error);
    }
  };
  socket.on("data", read);
  socket.on("end", () => socket.end());
  socket.once("close", () => {
    clearTimeout(late);
    if (session) void helper.dismiss(session);
  });
}

function attach(socket: Socket, helper: Helper, read: (chunk: Buffer) => void, data: unknown): void {
  if (!validators.attach(data) || !helper.session?.attach(data.ticket, socket)) {
    throw new FrameError("unknown-id", "a ticket that nobody was given");
  }
  socket.off("data", read).pause();
  socket.write(Uint8Array.of(ATTACHED));
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
