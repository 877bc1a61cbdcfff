/** What somebody who has taken over the agent holds: connections to the helper, and the ids that it has given out. */
import { Nicknames } from "./nicknames.ts";
import { attach, type Heard, Wire } from "./wire.ts";

const taskEnv = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };
const lastOutputMs = 10_000;

/** A command of a task user, at its end. */
export interface Ran {
  readonly heard: Heard;
  readonly output: string;
}

export class Attacker {
  readonly names = new Nicknames();
  readonly #socketPath: string;
  #wire: Wire;
  #id = 0;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#wire = new Wire(socketPath);
  }

  get wire(): Wire {
    return this.#wire;
  }

  /** Closes the newest connection; the helper ends what it made. */
  close(): void {
    this.#wire.close();
  }

  /** A connection beside the one before, which stays open. */
  open(): void {
    this.#wire = new Wire(this.#socketPath);
  }

  /** The fields of a request with its nicknames resolved, and the next id. */
  withId(fields: object): object {
    this.#id += 1;
    return JSON.parse(this.names.inJson(JSON.stringify({ id: this.#id, ...fields })));
  }

  async #request(type: string, fields: object): Promise<Heard> {
    this.#wire.frame(type, this.withId(fields));
    return this.#wire.next(({ type: heard }) => heard !== "exited");
  }

  /** Runs lines of bash as a task user and collects what they print, to their end. */
  async run(user: string, lines: string): Promise<Ran> {
    const given = await this.#request("ticket", {});
    if (given.type !== "answer" || given.data.request !== "ticket") return { heard: given, output: "" };
    const { ticket } = given.data.result;
    const socket = await attach(this.#socketPath, ticket);
    let output = "";
    socket?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const argv = ["/bin/bash", "-c", lines];
    const spawned = await this.#request("spawn", { user, argv, env: taskEnv, output: ticket });
    if (spawned.type !== "answer" || spawned.data.request !== "spawn") return { heard: spawned, output };
    const { process } = spawned.data.result;
    const isEnd = (heard: Heard): boolean => heard.type === "exited" && heard.data.process === process;
    const ended = new Promise<void>((resolve) => socket?.once("close", resolve));
    let heard = await this.#wire.next(isEnd);
    while (heard.type === "silence") heard = await this.#wire.next(isEnd);
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => late.resolve(), lastOutputMs);
    await Promise.race([ended, late.promise]);
    clearTimeout(timer);
    socket?.destroy();
    return { heard, output };
  }
}
