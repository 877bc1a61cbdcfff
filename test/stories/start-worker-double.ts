/**
 * What worker-runner's start-worker does with a worker of the implementation `generic-worker` and a static provider,
 * after its source: it registers the worker, writes the configuration, and speaks the protocol over stdin and stdout.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { record } from "../../agent/config/kinds.ts";
import type { Credentials } from "../../agent/queue/types.ts";
import { eventually, within } from "../helper/wait.ts";
import { checkout } from "./launched.ts";

const longestMs = 120_000;
const known = ["log", "graceful-termination", "new-credentials", "error-report", "shutdown"];

export interface RunnerConfig {
  readonly rootURL: string;
  readonly workerPoolID: string;
  readonly workerGroup: string;
  readonly workerID: string;
  readonly workerConfig: object;
}

export class StartWorkerDouble {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** From the worker, in order. */
  readonly messages: Readonly<Record<string, unknown>>[] = [];
  /** What came on stdout and was no message: start-worker logs it. */
  readonly plain: string[] = [];
  readonly stderr: string[] = [];

  constructor(directory: string, config: RunnerConfig, credentials: Credentials) {
    const path = join(directory, `config-${config.workerID}.json`);
    const [provisionerId, workerType] = config.workerPoolID.split("/");
    const { clientId, accessToken, certificate } = credentials;
    const settings = {
      ...config.workerConfig,
      ...{ instanceID: "i-0123", instanceType: "mac2.metal", region: "office", availabilityZone: "here" },
      ...{ publicIP: "127.0.0.1", privateIP: "127.0.0.1" },
      workerLocation: JSON.stringify({ cloud: "static" }),
      workerTypeMetadata: { "instance-id": "i-0123" },
      ...{ rootURL: config.rootURL, clientId, accessToken, provisionerId, workerType },
      ...{ workerGroup: config.workerGroup, workerId: config.workerID },
      ...(certificate === undefined ? {} : { certificate }),
    };
    writeFileSync(path, JSON.stringify(settings, null, 2), { mode: 0o600 });
    const argv = ["run", "--config", path, "--with-worker-runner"];
    this.#child = spawn(join(checkout, "taskcluster-worker"), argv, { env: { PATH: "/usr/bin:/bin" }, stdio: "pipe" });
    const { stdin, stdout, stderr } = this.#child;
    assert.ok(stdin && stdout && stderr);
    stdin.on("error", () => undefined);
    createInterface({ input: stdout }).on("line", (line) => this.#take(line));
    createInterface({ input: stderr }).on("line", (line) => this.stderr.push(line));
    this.#ended = once(this.#child, "close");
    this.send({ type: "welcome", capabilities: known });
  }

  send(message: object): void {
    this.#child.stdin?.write(`~${JSON.stringify(message)}\n`);
  }

  /** As after a reregistration. */
  sendCredentials({ clientId, accessToken, certificate = "" }: Credentials): void {
    this.send({ type: "new-credentials", "client-id": clientId, "access-token": accessToken, certificate });
  }

  /** A line that is no message. */
  write(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  kill(): void {
    this.#child.kill("SIGTERM");
  }

  /** The lines of the worker's log. */
  get log(): string[] {
    return this.messages.flatMap(({ body }) => (record.is(body) ? [String(body["textPayload"])] : []));
  }

  async logged(text: string): Promise<void> {
    const holds = () => this.log.some((line) => line.includes(text));
    const ended = () => this.#child.exitCode !== null;
    await eventually(() => holds() || ended(), `the worker logged "${text}"`, longestMs);
    assert.ok(holds(), `the worker ended without "${text}": ${[...this.log, ...this.stderr].join("; ")}`);
  }

  async exitCode(): Promise<number | null> {
    await within(this.#ended, `the worker's end, after: ${this.stderr.join("; ")}`, longestMs);
    return this.#child.exitCode;
  }

  #take(line: string): void {
    const text = line.trim();
    if (!/^~\{.*\}$/.test(text)) {
      this.plain.push(text);
      return;
    }
    const message: unknown = JSON.parse(text.slice(1));
    assert.ok(record.is(message) && typeof message["type"] === "string");
    this.messages.push(message);
  }
}
