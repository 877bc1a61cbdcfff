/** The part of node-ipc 14 that control-connection.ts uses; the package brings no types. */
declare module "node-ipc" {
  import type { Socket } from "node:net";

  export interface IpcClient {
    readonly socket: Socket;
    /** `"*"` hears every message, and the client's own events: connect, error, disconnect, destroy. */
    on(type: "*", handler: (type: string, data?: unknown) => void): this;
    /** Throws when the frame is too large; says nothing about whether it was sent. */
    emit(type: string, data: unknown): boolean;
  }

  export class IPCModule {
    config: {
      silent: boolean;
      parser: "guarded";
      maxMessageSize: number;
      messageTimeout: number;
      maxRetries: number;
      stopRetrying: boolean;
    };
    readonly of: Record<string, IpcClient | undefined>;
    connectTo(id: string, path: string): void;
    disconnect(id: string): void;
  }
}
