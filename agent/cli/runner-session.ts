/** worker-runner at the other end of stdin and stdout, where it has started us. */
import type { DestinationStream } from "pino";
import type { AgentConfig } from "../config.ts";
import { workerVersion } from "../host.ts";
import type { Logger } from "../logger.ts";
import type { WorkerCredentials } from "../queue/worker-credentials.ts";
import type { FromRunner } from "../runner/message.ts";
import { RunnerLink } from "../runner/runner-link.ts";
import { RunnerLog } from "../runner/runner-log.ts";
import { messageOf } from "../thrown.ts";
import { whenAborted } from "./interrupts.ts";
import { printable } from "./say.ts";
import type { Stopping } from "./stopping.ts";
import { EndError } from "./work-ends.ts";

const WELCOME_MS = 30_000;
const SHOWN = 200;

/** About the worker, for whoever reads an error of it in worker-manager. */
function factsOf(config: AgentConfig): Record<string, string> {
  const { rootURL, provisionerId, workerType, workerGroup, workerId, instanceType, capacity, headlessTasks } = config;
  const names = { rootURL, provisionerId, workerType, workerGroup, workerId, instanceType };
  return { ...names, capacity: String(capacity), headlessTasks: String(headlessTasks) };
}

export class RunnerSession {
  /** For the agent's log. */
  readonly log: DestinationStream;
  readonly #link: RunnerLink;
  readonly #stopping: Stopping;
  #facts: Readonly<Record<string, string>> = {
    ...{ engine: "macosx", version: workerVersion(), arch: process.arch, platform: process.platform },
  };

  /** Throws EndError when nobody there speaks the protocol. */
  static async meet(stopping: Stopping): Promise<RunnerSession> {
    const link = new RunnerLink(process.stdin, process.stdout);
    if (!(await link.met(WELCOME_MS))) {
      const what = "nobody on stdin said welcome, as worker-runner does; without it leave --with-worker-runner out";
      throw new EndError("no-runner", what);
    }
    const session = new RunnerSession(link, stopping, (line) => process.stderr.write(line));
    process.prependListener("uncaughtException", (error) => session.failed(messageOf(error)));
    return session;
  }

  /** `otherwise` gets the lines of the log that worker-runner does not take. */
  constructor(link: RunnerLink, stopping: Stopping, otherwise: (line: string) => void) {
    this.#link = link;
    this.#stopping = stopping;
    this.log = new RunnerLog(link, otherwise);
    whenAborted(link.gone, () => stopping.ask({ end: "terminated", finishTasks: false }));
  }

  /** From here on what worker-runner says is done, and what it has said before. */
  serve(config: AgentConfig, credentials: WorkerCredentials, logger: Logger): void {
    this.#facts = { ...this.#facts, ...factsOf(config) };
    if (config.staticSecret !== "") logger.warn("staticSecret has no effect: worker-runner registers the worker.");
    this.#link.listen((message) => this.#obey(message, credentials, logger));
  }

  /** A line of the log that is no event. False when worker-runner takes none. */
  line(textPayload: string): boolean {
    return this.#link.log({ textPayload });
  }

  /** worker-manager shows it among the errors of the worker pool. */
  failed(description: string): void {
    this.#link.reportError(description, this.#facts);
  }

  shutDown(): void {
    this.#link.shutDown();
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** Nothing that may be a credential is logged. */
  #obey(message: FromRunner, credentials: WorkerCredentials, logger: Logger): void {
    switch (message.type) {
      case "graceful-termination": {
        const reason = { kind: "termination", message: "worker-runner wants the worker to end" } as const;
        this.#stopping.ask({ end: "terminated", finishTasks: message.finishTasks, reason });
        break;
      }
      case "new-credentials": {
        credentials.replace(message.credentials);
        const until = credentials.expires?.toISOString();
        logger.info(`worker-runner sent new credentials, ${until ? `good until ${until}` : "which do not end"}.`);
        break;
      }
      case "text":
        if (message.text !== "") logger.info(`worker-runner wrote: ${printable(message.text).slice(0, SHOWN)}`);
        break;
      case "unusable":
        logger.warn(`A message of worker-runner was ignored: ${message.why}.`);
        break;
    }
  }
}
