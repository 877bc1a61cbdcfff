/** Listens from the first task on that asks for a shell: a worker without such tasks opens no port for them. */
import { type ShellServer, type ShellServerConfig, startShellServer } from "./shell-server.ts";

export class LazyShellServer {
  readonly #config: ShellServerConfig;
  #server: Promise<ShellServer> | null = null;

  constructor(config: ShellServerConfig) {
    this.#config = config;
  }

  /** Throws one sentence when the address cannot be used now; the next task may ask again. */
  async started(): Promise<ShellServer> {
    this.#server ??= startShellServer(this.#config);
    try {
      return await this.#server;
    } catch (error) {
      this.#server = null;
      throw error;
    }
  }

  /** Ends every connection. Any number of calls. */
  async close(): Promise<void> {
    const server = await this.#server?.catch(() => null);
    await server?.close();
  }
}
