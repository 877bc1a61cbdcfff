/** The other end of the helper's socket as a script: it says what a test tells it to, right or wrong. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { HelperClient } from "../../agent/engine/helper-client.ts";
import { encodeFrame, FrameReader } from "../../shared/protocol/frames.ts";
import { PROTOCOL } from "../../shared/protocol/limits.ts";
import type { RequestName } from "../../shared/protocol/messages.ts";

export const id = (digit: string): string => digit.repeat(32);

export interface Asked {
  readonly type: string;
  readonly data: { id: number } & Record<string, unknown>;
  readonly socket: Socket;
  answer(result: unknown): void;
  refuse(code: string, message?: string): void;
  say(type: string, data: unknown): void;
}
export type Script = Partial<Record<RequestName | "attach", (asked: Asked) => void>>;

export const helloResult = {
  protocol: PROTOCOL,
  helperVersion: "0.0.0",
  limits: { maxUsers: 1, maxGraphical: 0, frameBytes: 1, argvEnvBytes: 1, stringBytes: 1 },
  live: 0,
  resting: [],
  quarantined: 0,
};

function isMessage(frame: unknown): frame is { type: RequestName | "attach"; data: { id: number } } {
  return typeof frame === "object" && frame !== null && "type" in frame && "data" in frame;
}

/** Listens at `socketPath`. What the script has no line for is not answered. */
export async function listenScripted(t: TestContext, socketPath: string, script: Script): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const reader = new FrameReader();
    sockets.push(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        if (!isMessage(frame)) throw new Error("the agent sent no message");
        const { type, data } = frame;
        const say = (name: string, content: unknown): void =>
          void socket.write(encodeFrame({ type: name, data: content }));
        script[type]?.({
          type,
          data: { ...data },
          socket,
          say,
          answer: (result) => say("answer", { id: data.id, request: type, result }),
          refuse: (code, message = "no") => say("refused", { id: data.id, request: type, code, message }),
        });
      }
    });
  }).listen(socketPath);
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

/** A client of a scripted helper, without the look at who owns the socket. */
export async function connectScripted(
  t: TestContext,
  script: Script,
  timeouts: ConstructorParameters<typeof HelperClient>[1] = {},
): Promise<{ client: HelperClient; sockets: Socket[] }> {
  const directory = await mkdtemp(join(tmpdir(), "engine-test-"));
  const socketPath = join(directory, "helper.sock");
  const sockets = await listenScripted(t, socketPath, script);
  const client = new HelperClient(socketPath, timeouts);
  t.after(async () => {
    client.close();
    await rm(directory, { recursive: true });
  });
  return { client, sockets };
}
