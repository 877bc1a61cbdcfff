/** Serves the files of all cases on loopback, each below the number of its case. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { gzipSync } from "node:zlib";
import { tarOf, zipOf } from "../engine/archives.ts";
import type { Served } from "./case.ts";

function bytesOf(served: Served): Buffer {
  if (typeof served === "string") return Buffer.from(served);
  return "zip" in served ? zipOf(served.zip) : gzipSync(tarOf(served["tar.gz"]));
}

export class FileServer {
  readonly #server: Server;
  readonly #files = new Map<string, Buffer>();
  #address = "";

  static async start(): Promise<FileServer> {
    const server = new FileServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    const address = server.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("the files' server has no address");
    server.#address = `http://127.0.0.1:${address.port}`;
    return server;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      const file = this.#files.get(request.url ?? "");
      response.writeHead(file ? 200 : 404).end(file);
    });
  }

  /** The address below which these files are. */
  add(files: Readonly<Record<string, Served>>): string {
    const folder = `/${this.#files.size}`;
    for (const [name, served] of Object.entries(files)) this.#files.set(`${folder}/${name}`, bytesOf(served));
    return `${this.#address}${folder}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
