/** A server on loopback for one test: a handler per path, and the requests it has seen. */
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { downloadLink, type LinkDownload } from "../../agent/link/download-link.ts";
import type { DownloadedLink } from "../../agent/link/link-attempt.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

export interface LinkTest {
  readonly origin: string;
  readonly toDir: string;
  readonly seen: IncomingMessage[];
  readonly lines: string[];
  files(): Promise<string[]>;
  download(path: string, options?: Partial<LinkDownload>): Promise<DownloadedLink>;
}

export async function serveLinks(t: TestContext, handlers: Record<string, Handler>): Promise<LinkTest> {
  const toDir = await mkdtemp(join(tmpdir(), "link-test-"));
  const seen: IncomingMessage[] = [];
  const lines: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").replace(/\?.*$/, "");
    const count = seen.filter(({ url }) => url === request.url).length;
    seen.push(request);
    const handler = handlers[path];
    if (handler) handler(request, response, count);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(toDir, { recursive: true });
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    toDir,
    seen,
    lines,
    files: () => readdir(toDir),
    download: (path, options = {}) =>
      downloadLink({
        noun: "link",
        url: path.startsWith("/") ? origin + path : path,
        toDir,
        signal: new AbortController().signal,
        log: (line) => lines.push(line),
        ...options,
        limits: { delayMs: () => 1, ...options.limits },
      }),
  };
}
