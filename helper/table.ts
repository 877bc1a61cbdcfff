/** All that root can be asked to do, on one screen: request × state of its user → handler → next state. */

import { FrameError } from "../shared/protocol/frames.ts";
import { limits, PROTOCOL } from "../shared/protocol/limits.ts";
import type { Answers, RequestName, Requests } from "../shared/protocol/messages.ts";
import type { TaskUser, UserState } from "../shared/protocol/root-types.ts";
import { Refusal, type Session } from "./session.ts";
import { startCommand } from "./spawn.ts";

interface Row<N extends RequestName> {
  /** The state that the user named in the request must be in; absent: the request names no user. */
  from?: UserState;
  /** The user's state until the answer: no other request for it is allowed. */
  during?: UserState;
  handler: (session: Session, request: Requests[N], user: TaskUser | undefined) => Promise<Answers[N]> | Answers[N];
}

// biome-ignore format: columns
export const table: { readonly [N in RequestName]: Row<N> } = {
  //            user's state    while it runs        does                                                   then
  hello:      {                                      handler: hello },
  createUser: {                                      handler: createUser },                                // ready
  ticket:     {                                      handler: (session) => ({ ticket: session.newTicket() }) },
  spawn:      { from: "ready",                       handler: spawn },                                     // ready
  signal:     {                                      handler: signal },
  killUser:   { from: "ready",  during: "killing",   handler: killUser },                                  // ready
  deleteUser: { from: "ready",  during: "deleting",  handler: deleteUser },  // gone, resting or quarantined
};

function hello(session: Session, { protocol }: Requests["hello"]): Answers["hello"] {
  if (protocol !== PROTOCOL) throw new Refusal("protocol-version", `this helper speaks protocol ${PROTOCOL}`);
  return session.greet();
}

async function createUser(session: Session, { reuse }: Requests["createUser"]): Promise<Answers["createUser"]> {
  // Root: makes a user and a group record and two directories; every name and number is the helper's own choice.
  if (reuse) throw new Refusal("not-allowed", "reuse is switched off in helper.json");
  const user = await session.create();
  return { user: user.id, name: user.name, uid: user.uid, home: session.helper.directories.homeOf(user.name) };
}

function spawn(session: Session, request: Requests["spawn"], user: TaskUser | undefined): Answers["spawn"] {
  // Root: forks, and the child gives up root before it reads anything of the request.
  if (!user) throw new FrameError("unknown-id", "no such user");
  if (request.graphical) throw new Refusal("not-allowed", "graphical is switched off in helper.json");
  const strings = [...request.argv, ...Object.entries(request.env).flat()].map((text) => Buffer.byteLength(text));
  const total = strings.reduce((sum, bytes) => sum + bytes + 2, 0);
  if (total > limits.argvEnvBytes || Math.max(...strings) > limits.stringBytes) {
    throw new FrameError("message-invalid", "argv and env are too long");
  }
  const tickets = [request.stdin, request.output].filter((ticket) => ticket !== undefined);
  const sockets = new Map(tickets.map((ticket) => [ticket, session.take(ticket)]));
  const [stdin, output] = [request.stdin && sockets.get(request.stdin), request.output && sockets.get(request.output)];
  try {
    const cwd = request.cwd ?? session.helper.directories.homeOf(user.name);
    const as = { uid: user.uid, cwd, ...(stdin && { stdin }), ...(output && { output }) };
    return session.start(user, (ended) => startCommand(request, as, session.helper.config, ended));
  } finally {
    for (const socket of sockets.values()) socket.destroy(); // Our copy: the child has its own.
  }
}

function signal(session: Session, request: Requests["signal"]): Answers["signal"] {
  const child = session.processes.get(request.process);
  if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return { delivered: false };
  // Root: the pid is a child that has not been waited for, so the number is still its own.
  return { delivered: process.kill(-child.pid, request.signal) };
}

async function killUser(
  session: Session,
  _: Requests["killUser"],
  user: TaskUser | undefined,
): Promise<Answers["killUser"]> {
  if (!user) throw new FrameError("unknown-id", "no such user");
  const { killed, left } = await session.helper.life.kill(user);
  if (user.state === "killing") user.state = "ready"; // Else the connection has ended meanwhile, and the user with it.
  if (left > 0) throw new Refusal("kill-failed", `${left} processes of ${user.name} are left`);
  return { killed };
}

async function deleteUser(
  session: Session,
  request: Requests["deleteUser"],
  user: TaskUser | undefined,
): Promise<Answers["deleteUser"]> {
  if (!user) throw new FrameError("unknown-id", "no such user");
  if (request.park) throw new Refusal("not-allowed", "reuse is switched off in helper.json");
  return session.end(user);
}
