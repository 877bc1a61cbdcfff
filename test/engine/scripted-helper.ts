/** The other end of the helper's socket as a script: it says what a test tells it to, right or wrong. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { HelperClient } from "../../agent/engine/helper-client.ts";
import { encodeFrame, FrameReader } from "../../shared/protocol/frames.ts";
import { ATTACHED, PROTOCOL } from "../../shared/protocol/limits.ts";
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

/** What a process writes, and how it ends: with 0 unless told. */
export interface Part {
  readonly output?: string;
  readonly code?: number | null;
  readonly signal?: string;
}

const nothing = { processes: 0, shared: 0 };
const gone = { state: "gone", found: nothing, removed: nothing, left: { ...nothing, home: false, account: false } };

/** Task users whose processes do what `play` says for their command lines; our own tools find all as it should be, but for `tools`. */
export function scriptedUsers(
  play: (argv: readonly string[]) => Part = () => ({}),
  tools: Readonly<Record<string, Part>> = {},
): Script {
  let last = 0;
  const next = (): string => {
    last += 1;
    return last.toString(16).padStart(32, "0");
  };
  const outputs = new Map<unknown, Socket>();
  const ownTools: Record<string, Part> = { make: { output: "made" }, canary: { output: "over\n" }, ...tools };
  return {
    createUser: ({ answer }) => {
      const name = `tcw-${String(last).padStart(8, "a")}`;
      answer({ user: next(), name, uid: 5000 + last, home: `/nowhere/${name}/home` });
    },
    ticket: ({ answer }) => answer({ ticket: next() }),
    attach: ({ data, socket }) => {
      outputs.set(data["ticket"], socket);
      socket.write(Buffer.of(ATTACHED));
    },
    spawn: ({ data, answer, say }) => {
      const { argv } = data;
      const line = Array.isArray(argv) ? argv.map(String) : [];
      const { output = "", code = 0, signal = null } = ownTools[line[5] ?? ""] ?? play(line);
      const process = next();
      answer({ process, pid: 4711 });
      outputs.get(data["output"])?.end(output);
      say("exited", { process, code: signal === null ? code : null, signal, userMs: 0, systemMs: 0 });
    },
    killUser: ({ answer }) => answer({ killed: 0 }),
    deleteUser: ({ answer }) => answer({ ...gone, auditHead: "0".repeat(64) }),
  };
}
