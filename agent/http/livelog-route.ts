/** `GET` and `HEAD /log/<secret>`: the log from its first byte, growing until the task ends. */
import { pipeline } from "node:stream/promises";
import type { FastifyInstance } from "fastify";
import type { LiveLogs } from "./live-logs.ts";

const otherMethods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const headers = {
  "content-type": "text/plain; charset=utf-8",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "X-Streaming",
  "x-streaming": "true",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** Before the server listens. */
export function addLiveLogRoute(app: FastifyInstance, liveLogs: LiveLogs): void {
  const url = "/log/:secret";
  app.get<{ Params: { secret: string } }>(url, async (request, reply) => {
    const log = await liveLogs.open(request.params.secret);
    if (!log) return reply.callNotFound();
    if (log === "busy") {
      return reply.code(503).header("retry-after", "30").send("This log has too many readers; try again later\n");
    }
    // By hand: fastify would send the headers with the first byte of the body, and a task may say nothing for long.
    reply.hijack();
    reply.raw.writeHead(200, headers).flushHeaders();
    // A reader that goes away ends its own connection and nothing else.
    await pipeline(log, reply.raw).catch(() => undefined);
    return reply;
  });
  app.head<{ Params: { secret: string } }>(url, async (request, reply) => {
    if (!liveLogs.has(request.params.secret)) return reply.callNotFound();
    return reply.headers(headers).send();
  });
  app.route({
    method: otherMethods,
    url,
    // Before the body is looked at, whatever its type.
    onRequest: async (_request, reply) =>
      reply.code(405).header("allow", "GET, HEAD").send("Only GET and HEAD are allowed here\n"),
    handler: async (_request, reply) => reply,
  });
}
