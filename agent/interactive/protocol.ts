/** What the two protocols of interactive shells have in common. Both are binary WebSocket messages of one shell each. */
import type { ShellEnd, TerminalSize } from "../engine/engine.ts";

export type ClientMessage =
  | { readonly kind: "input"; readonly bytes: Buffer }
  | { readonly kind: "input-end" }
  | { readonly kind: "size"; readonly size: TerminalSize }
  /** So many bytes of the output were used. */
  | { readonly kind: "used"; readonly bytes: number }
  | { readonly kind: "abort" };

export interface ShellProtocol {
  /** Null for what this protocol does not know: it is ignored. */
  read(message: Buffer): ClientMessage | null;
  output(bytes: Buffer): Buffer;
  /** Largest piece of output in one message. */
  readonly mostBytes: number;
  /** Bytes of output that may be on their way unused; null: the connection alone holds back. */
  readonly window: number | null;
  /** Tells that so many bytes of input were taken; null where nobody wants to know. */
  inputTaken(bytes: number): Buffer | null;
  /** The last messages, before the connection is closed with `endText` as its reason. */
  end(end: ShellEnd): readonly Buffer[];
}

/** A size that no terminal has is none. */
export function sizeMessage(columns: number, rows: number): ClientMessage | null {
  return columns > 0 && rows > 0 ? { kind: "size", size: { columns, rows } } : null;
}

/** How a shell ended, in few enough bytes for the reason of a close frame. */
export function endText({ code, signal }: ShellEnd): string {
  if (code !== null) return `exit ${code}`;
  return signal === null ? "ended by the worker" : `signal ${signal}`;
}
