/** All that root can be asked to do, on one screen: request × state of its user → handler → next state. */
import type { Socket } from "node:net";
import { FrameError } from "../shared/protocol/frames.ts";
import { limits, PROTOCOL } from "../shared/protocol/limits.ts";
import type { Answers, ProcessId, RequestName, Requests, UserId } from "../shared/protocol/messages.ts";
import type { UserState } from "../shared/protocol/root-types.ts";
import * as validators from "../shared/protocol/validators.js";
import { newId } from "./accounts.ts";
import { counts, publish, version } from "./helper.ts";
import { killProcesses } from "./reap.ts";
import { messageOf, Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";
import { seats, startCommand } from "./spawn.ts";

const maxProcesses = 256;

interface Row<N extends RequestName> {
  /** The state that the user named in the request must be in; absent: the request names no user. */
  from?: UserState;
  /** The user's state until the answer: no other request for it is allowed. It is in `from` again after a refusal. */
  during?: UserState;
  handler: (session: Session, request: Requests[N]) => Promise<Answers[N]> | Answers[N];
}

// biome-ignore format: columns
export const table: { readonly [N in RequestName]: Row<N> } = {
  //            user's state    while it runs        does                                                   then
  hello:      {                                      handler: hello },
  createUser: {                                      handler: createUser },                                // ready
  ticket:     {                                      handler: (session) => ({ ticket: session.tickets.give() }) },
  spawn:      { from: "ready",                       handler: spawn },                                     // ready
  signal:     {                                      handler: signal },
  killUser:   { from: "ready",  during: "killing",   handler: killUser },                                  // ready
  deleteUser: { from: "ready",  during: "deleting",  handler: deleteUser },  // gone, resting or quarantined
};

const checks: { readonly [N in RequestName]: (data: unknown) => data is Requests[N] } = validators;

/** Takes up a message of the control connection. Throws a FrameError for one that breaks the protocol. */
export function receive(session: Session, type: string, data: unknown): void {
  if (session.closed) return; // It came behind the one that ended the connection.
  if (!Object.hasOwn(table, type)) throw new FrameError("message-invalid", "a request of an unknown type");
  begin(session, type as RequestName, data); // checked: the line above
}

function begin<N extends RequestName>(session: Session, request: N, data: unknown): void {
  const { from, during, handler }: Row<N> = table[request];
  if (!checks[request](data)) throw new FrameError("message-invalid", `a ${request} that its schema refuses`);
  if ((request === "hello") === session.greeted) throw new FrameError("not-now", `${request} at this point`);
  const { id, user: named }: { id: number; user?: UserId } = data;
  const user = named && session.user(named);
  if (user && user.state !== from) throw new FrameError("not-now", `${request} for a user that is ${user.state}`);
  if (user && during) user.state = during;
  // No await between the check above and what a handler does first.
  void answer(session, { id, request }, () => handler(session, data)).then(() => {
    if (user && from && user.state === during) user.state = from; // Else endUser has moved it on.
    publish(session.helper);
  });
}

async function answer(session: Session, to: { id: number; request: string }, work: () => unknown): Promise<void> {
  try {
    session.send("answer", { ...to, result: await work() });
  } catch (error) {
    if (error instanceof FrameError) return session.fatal(error);
    if (!(error instanceof Refusal)) throw error; // A bug: the helper ends, and the next one ends what is left.
    const { code, message } = error;
    session.helper.audit.note("refused", { request: to.request, code, message });
    session.send("refused", { ...to, code, message });
  }
}

function hello(session: Session, { protocol }: Requests["hello"]): Answers["hello"] {
  if (protocol !== PROTOCOL) throw new Refusal("protocol-version", `this helper speaks protocol ${PROTOCOL}`);
  const { helper } = session;
  session.greeted = true;
  helper.news.lastHello = Date.now();
  const { frameBytes, argvEnvBytes, stringBytes } = limits;
  const { maxUsers, sessionUid, maxGraphical } = helper.config;
  const bounds = { maxUsers, maxGraphical: sessionUid ? maxGraphical : 0, frameBytes, argvEnvBytes, stringBytes };
  const { live, quarantined } = counts(helper);
  return { protocol: PROTOCOL, helperVersion: version, limits: bounds, live, resting: [], quarantined };
}

async function createUser(session: Session, { reuse }: Requests["createUser"]): Promise<Answers["createUser"]> {
  // Root: makes a user and a group record and two directories; every name and number is the helper's own choice.
  const { audit, directories } = session.helper;
  if (reuse) throw new Refusal("not-allowed", "reuse is switched off in helper.json");
  if (!audit.note("create", {})) throw new Refusal("journal-unwritable", "the audit log cannot be written");
  const { id, name, uid } = await session.create().catch((error: unknown) => {
    if (error instanceof Refusal) throw error;
    audit.note("create-failed", { message: messageOf(error) });
    throw new Refusal("create-failed", messageOf(error));
  });
  return { user: id, name, uid, home: directories.homeOf(name) };
}

function spawn(session: Session, request: Requests["spawn"]): Answers["spawn"] {
  // Root: forks, and the child gives up root before it reads anything of the request.
  const { audit, config, directories } = session.helper;
  const { name, uid } = session.user(request.user);
  const { graphical } = request;
  if (graphical && !config.sessionUid) throw new Refusal("not-allowed", "graphical is switched off in helper.json");
  const full = seats.size >= config.maxGraphical && !seats.has(uid);
  if (graphical && full) throw new Refusal("graphics-full", "maxGraphical task users have the graphics session");
  const sizes = [...request.argv, ...Object.entries(request.env).flat()].map((text) => Buffer.byteLength(text));
  const total = sizes.reduce((sum, bytes) => sum + bytes + 2, 0);
  const tooLong = total > limits.argvEnvBytes || Math.max(...sizes) > limits.stringBytes;
  if (tooLong) throw new FrameError("message-invalid", "argv and env are too long");
  if (session.processes.size >= maxProcesses) throw new Refusal("spawn-failed", "too many processes of one connection");
  const sockets: Socket[] = [];
  try {
    for (const ticket of [request.stdin, request.output]) if (ticket) sockets.push(session.tickets.take(ticket));
    const noted = audit.note("spawn", { user: name, uid, ...(graphical && { graphical }) });
    if (!noted) throw new Refusal("journal-unwritable", "the audit log cannot be written");
    const process = newId<ProcessId>();
    const [stdin, output] = request.stdin ? sockets : [undefined, ...sockets];
    const as = { uid, cwd: request.cwd ?? directories.homeOf(name), stdin, output };
    const child = startCommand(request, as, config, (how) => {
      session.processes.delete(process);
      audit.note("exited", { user: name, code: how.code, signal: how.signal });
      session.send("exited", { process, ...how });
    });
    if (!child?.pid) throw new Refusal("spawn-failed", "the system has no process to give");
    session.processes.set(process, child);
    audit.note("spawned", { user: name, pid: child.pid });
    return { process, pid: child.pid };
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("spawn-failed", messageOf(error)); // ENOMEM and the like
  } finally {
    for (const socket of sockets) socket.destroy(); // Our copy: the child has its own.
  }
}

function signal(session: Session, request: Requests["signal"]): Answers["signal"] {
  const child = session.processes.get(request.process);
  if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return { delivered: false };
  try {
    // Root: the pid is a child that has not been waited for, so the number is still its own.
    return { delivered: process.kill(-child.pid, request.signal) };
  } catch {
    return { delivered: false }; // It has just ended: macOS refuses a group of which nothing but that is left.
  }
}

async function killUser(session: Session, request: Requests["killUser"]): Promise<Answers["killUser"]> {
  const { name, uid } = session.user(request.user);
  const killing = killProcesses(uid, session.helper);
  session.working.add(killing);
  const { killed, left } = await killing.finally(() => session.working.delete(killing));
  if (left > 0) throw new Refusal("kill-failed", `${left} processes of ${name} are left`);
  return { killed };
}

function deleteUser(session: Session, request: Requests["deleteUser"]): Promise<Answers["deleteUser"]> {
  if (request.park) throw new Refusal("not-allowed", "reuse is switched off in helper.json");
  return session.end(session.user(request.user));
}
