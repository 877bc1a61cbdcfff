/**
 * The agent's HTTP server for interactive shells. Each task's are at a secret of their own: a page for people, and a
 * WebSocket for each protocol. Whoever knows the secret is the task user there, and nobody else.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { AgentConfig } from "../config.ts";
import type { ShellCommand } from "../engine/engine.ts";
import { genericWorkerProtocol } from "../interactive/generic-worker-protocol.ts";
import type { ShellProtocol } from "../interactive/protocol.ts";
import type { TaskShells } from "../interactive/task-shells.ts";
import { taskclusterWorkerProtocol } from "../interactive/taskcluster-worker-protocol.ts";
import { listen, newServer } from "./listen.ts";
import { Secrets } from "./secrets.ts";
import { addShellPage } from "./shell-page.ts";

const maxConnections = 500;
/** Of all tasks: each has two processes of those that the helper starts for one agent, 256 at a time. */
const mostShells = 60;
/** The largest paste that is one message. */
const maxMessageBytes = 1024 * 1024;
const bash: ShellCommand = { argv: ["/bin/bash"], terminal: true };

export interface PublishedShells {
  /** Of the page, and of generic-worker's protocol. */
  readonly url: string;
  /** Of taskcluster-worker's protocol. */
  readonly streamUrl: string;
  /** No new shells from now on. Any number of calls. */
  remove(): void;
}

export interface ShellServer {
  publish(shells: TaskShells): PublishedShells;
  /** Ends every connection. Any number of calls. */
  close(): Promise<void>;
}

export type ShellServerConfig = Pick<AgentConfig, "publicIP" | "interactivePort">;

interface Asked {
  readonly shells: TaskShells;
  readonly protocol: ShellProtocol;
  readonly command: ShellCommand;
}

/** Throws one sentence when the address cannot be used; a task then goes on without interactive shells. */
export async function startShellServer(config: ShellServerConfig): Promise<ShellServer> {
  const app = newServer(maxConnections);
  const secrets = new Secrets<TaskShells>();
  // No compression: it would keep a window of memory for each client.
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, autoPong: false });
  addShellPage(app, (secret) => secrets.find(secret) !== null);
  app.server.on("upgrade", (request, socket, head) => upgrade(request, socket, head, sockets, secrets));
  const origin = await listen(app, config, "interactivePort");
  return {
    publish: (shells) => {
      const url = `${origin}/shell/${secrets.add(shells)}`;
      const streamUrl = `${url.replace(/^http/, "ws")}/taskcluster-worker`;
      return { url, streamUrl, remove: () => void secrets.remove(shells) };
    },
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      await app.close();
    },
  };
}

function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  sockets: WebSocketServer,
  secrets: Secrets<TaskShells>,
): void {
  socket.on("error", () => socket.destroy());
  const asked = read(request, secrets);
  if (asked === null) refuse(socket, "401 Unauthorized", "Access denied");
  else if (asked.shells.isClosed) refuse(socket, "410 Gone", "The task has ended");
  else if (asked.shells.isFull || sockets.clients.size >= mostShells) {
    refuse(socket, "503 Service Unavailable", "There are too many shells");
  } else {
    const { shells, protocol, command } = asked;
    const from = request.socket.remoteAddress ?? "an unknown address";
    sockets.handleUpgrade(request, socket, head, (client: WebSocket) => shells.open(client, protocol, command, from));
  }
}

/** Null for an address that nobody was given. */
function read(request: IncomingMessage, secrets: Secrets<TaskShells>): Asked | null {
  const url = URL.parse(request.url ?? "", "http://worker");
  const [, secret, kind] = /^\/shell\/([^/]+)(\/taskcluster-worker)?$/.exec(url?.pathname ?? "") ?? [];
  const shells = secrets.find(secret ?? "");
  if (!url || !shells) return null;
  if (kind === undefined) return { shells, protocol: genericWorkerProtocol, command: bash };
  const argv = url.searchParams.getAll("command");
  const terminal = url.searchParams.get("tty")?.toLowerCase() === "true";
  const command = { argv: argv.length > 0 ? argv : bash.argv, terminal };
  return { shells, protocol: taskclusterWorkerProtocol, command };
}

function refuse(socket: Duplex, status: string, text: string): void {
  const headers = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length + 1}`;
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${text}\n`);
}
