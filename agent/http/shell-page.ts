/** `GET /shell/<secret>`: a page with a terminal. The server has all that the page needs, so no other one is asked. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { FastifyInstance, FastifyReply } from "fastify";

const html = "text/html; charset=utf-8";
const css = "text/css; charset=utf-8";
const javascript = "text/javascript; charset=utf-8";

/** What the page asks for, the same for every shell. */
const parts: Readonly<Record<string, readonly [contentType: string, file: string]>> = {
  "page.css": [css, "./shell-page/page.css"],
  "page.js": [javascript, "./shell-page/page.js"],
  "xterm.css": [css, "@xterm/xterm/css/xterm.css"],
  "xterm.js": [javascript, "@xterm/xterm/lib/xterm.js"],
};

const headers = {
  "cache-control": "no-store",
  // The terminal writes style elements of its own.
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; " +
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // The address of the page is its secret.
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

async function sendFile(reply: FastifyReply, contentType: string, file: string): Promise<FastifyReply> {
  const body = await readFile(fileURLToPath(import.meta.resolve(file)));
  return reply.type(contentType).headers(headers).send(body);
}

/** Before the server listens. `knows` tells whether there is a shell at a secret. */
export function addShellPage(app: FastifyInstance, knows: (secret: string) => boolean): void {
  app.get<{ Params: { secret: string } }>("/shell/:secret", async (request, reply) => {
    if (!knows(request.params.secret)) return reply.code(401).type("text/plain").send("Access denied\n");
    return sendFile(reply, html, "./shell-page/page.html");
  });
  for (const [name, [contentType, file]] of Object.entries(parts)) {
    app.get(`/shell-page/${name}`, (_request, reply) => sendFile(reply, contentType, file));
  }
}
