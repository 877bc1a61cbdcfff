/**
 * Serves the files that relative links and contexts of a task file name, from the file's folder, on loopback. Every
 * local user can reach loopback, so the address has a part nobody can guess, and only the named files are served. Names
 * stay relative: the working directory is that folder, and nothing above it needs to be readable.
 */
import { randomBytes } from "node:crypto";
import { lstat, open } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { CommandError, exitStatus } from "./exit-status.ts";
import { isDenied, whyUnreadable } from "./open-file.ts";

export interface Beside {
  /** The address for a relative path; `noun` says what it is of a task. Throws CommandError `usage` for a name that cannot be served. */
  add(path: string, noun: "link" | "context"): Promise<string>;
  close(): Promise<void>;
}

/** True for a link that has no scheme of its own. */
export function isRelative(link: string): boolean {
  return !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(link) && !link.startsWith("//");
}

/** `shown` is the folder as somebody typed it. */
async function checkedName(link: string, noun: string, folder: string, shown: string): Promise<string> {
  const name = posix.normalize(link);
  const refuse = (what: string) => new CommandError(exitStatus.usage, `${noun} "${link}" ${what}`);
  if (link === "" || posix.isAbsolute(name)) throw refuse("is no address and no path relative to the file");
  if (name === ".." || name.startsWith("../")) throw refuse("leads out of the file's folder");
  const parts = name.split("/");
  for (const [index] of parts.entries()) {
    const part = parts.slice(0, index + 1);
    const entry = await lstat(join(folder, ...part)).catch((error: unknown) => {
      if (!isDenied(error)) throw refuse(`cannot be served: ${whyUnreadable(join(shown, ...part), error)}`);
      throw refuse(`lies in a closed folder: run chmod o+x '${join(shown, ...part.slice(0, -1))}'`);
    });
    if (entry.isSymbolicLink()) throw refuse("goes through a symbolic link; name the file itself");
    if (index === parts.length - 1 && !entry.isFile()) throw refuse("is no regular file");
  }
  try {
    await using file = await open(join(folder, name), "r");
    await file.stat();
  } catch (error) {
    throw refuse(`cannot be served: ${whyUnreadable(join(shown, name), error)}`);
  }
  return name;
}

async function send(path: string, response: ServerResponse): Promise<void> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": size });
  const body = size === 0 ? [] : file.createReadStream({ start: 0, end: size - 1, autoClose: false });
  await pipeline(body, response);
}

/** `folder` is "." under the starter; `shown` is the same folder as somebody typed it, for messages. */
export async function serveBeside(folder: string, shown: string): Promise<Beside> {
  const served = new Map<string, string>();
  const secret = randomBytes(24).toString("base64url");
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    const path = served.get(request.url ?? "");
    if (path === undefined || request.method !== "GET") {
      response.writeHead(404).end();
      return;
    }
    send(path, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    add: async (link, noun) => {
      const name = await checkedName(link, noun, folder, shown);
      const path = `/${secret}/${name.split("/").map(encodeURIComponent).join("/")}`;
      served.set(path, join(folder, name));
      return `http://127.0.0.1:${port}${path}`;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
