/** Runs inputs one by one, and leaves each where the watching thread sees it, should it not end. */
import type { Target } from "./target.ts";

const headBytes = 8;
const roomBytes = 4 * 1024 * 1024;

/** Memory of both threads: how many executions have begun, how long the one under way is (-1: none is), its bytes. */
export class SharedInput {
  readonly memory: SharedArrayBuffer;
  readonly #head: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory = new SharedArrayBuffer(headBytes + roomBytes)) {
    this.memory = memory;
    this.#head = new Int32Array(memory, 0, 2);
    this.#bytes = new Uint8Array(memory, headBytes);
  }

  begin(input: Buffer): void {
    this.#bytes.set(input.subarray(0, roomBytes));
    Atomics.store(this.#head, 1, Math.min(input.length, roomBytes));
    Atomics.add(this.#head, 0, 1);
  }

  end(): void {
    Atomics.store(this.#head, 1, -1);
  }

  get executions(): number {
    return Atomics.load(this.#head, 0);
  }

  /** The input that is under way. */
  get current(): Buffer | undefined {
    const length = Atomics.load(this.#head, 1);
    return length < 0 ? undefined : Buffer.from(this.#bytes.slice(0, length));
  }
}

/** What must be true was not, for this input. */
export class Finding extends Error {
  readonly input: Buffer;
  /** The name of the error. */
  readonly kind: string;
  constructor(input: Buffer, cause: unknown) {
    super(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
    this.input = input;
    this.kind = cause instanceof Error ? cause.name : "none";
  }
}

export class Execution {
  readonly #target: Target;
  readonly #shared: SharedInput;

  constructor(target: Target, shared: SharedInput) {
    this.#target = target;
    this.#shared = shared;
  }

  /** Throws a Finding. */
  run(input: Buffer): void {
    this.#shared.begin(input);
    try {
      this.#target.run(input);
    } catch (error) {
      throw new Finding(input, error);
    } finally {
      this.#shared.end();
    }
  }

  get count(): number {
    return this.#shared.executions;
  }
}
