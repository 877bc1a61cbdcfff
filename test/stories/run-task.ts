/** `run-task --json --artifacts` with the tasks of a test file, and what came of each of them. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { Launched, type LaunchOptions } from "./launched.ts";
import { assertGone, type User } from "./machine-clean.ts";

export interface Proof {
  readonly processes: number;
  readonly home: boolean;
  readonly account: boolean | string;
  readonly shared: number;
}

/** One line of stdout. Fields that the event does not have are absent. */
export interface Event {
  readonly event: string;
  readonly n: number;
  readonly taskId: string;
  readonly text?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly user?: string | null;
  readonly uid?: number | null;
  readonly name?: string;
  readonly storageType?: string;
  readonly path?: string;
  readonly proof?: Proof | null;
}

/** One task that is over. */
export class Story {
  readonly events: readonly Event[];

  constructor(events: readonly Event[]) {
    this.events = events;
  }

  #the(event: string): Event {
    const [found, ...more] = this.events.filter((each) => each.event === event);
    assert.ok(found, `there is an event ${event}`);
    assert.equal(more.length, 0, `there is one event ${event}`);
    return found;
  }

  /** `state/reason`, as both of its last events say. */
  get resolution(): string {
    const { state, reason } = this.#the("resolved");
    const gone = this.#the("gone");
    assert.deepEqual([gone.state, gone.reason], [state, reason]);
    assert.equal(this.events.at(-1), gone, "gone is the last event");
    return `${state}/${reason}`;
  }

  get proof(): Proof | null | undefined {
    return this.#the("gone").proof;
  }

  get user(): User {
    const { user, uid } = this.#the("user");
    assert.ok(user && uid);
    return { user, uid };
  }

  /** Storage types of the artifacts that are no logs, by name. */
  get artifacts(): Record<string, string> {
    const named = this.events.filter(({ event, name }) => event === "artifact" && !name?.startsWith("public/logs/"));
    return Object.fromEntries(named.map(({ name, storageType }) => [name, storageType ?? ""]));
  }

  artifact(name: string): Event | undefined {
    return this.events.find((event) => event.event === "artifact" && event.name === name);
  }

  /** The bytes of the log as it was uploaded. */
  get logBytes(): Buffer {
    return readFileSync(this.artifact("public/logs/live_backing.log")?.path ?? "the log was not uploaded");
  }

  get log(): string {
    return this.logBytes.toString();
  }

  /** The log as the events told it while the task ran. */
  get told(): string {
    return this.events
      .filter(({ event }) => event === "log")
      .map(({ text }) => text)
      .join("");
  }

  /** What command `n` wrote, with all that stands before the worker's next line. */
  output(n = 0): Buffer {
    const log = this.logBytes;
    const head = log.indexOf(`] Executing command ${n}: `);
    assert.ok(head >= 0, `command ${n} was executed`);
    const start = log.indexOf("\n", head) + 1;
    const ends = ["[taskcluster ", "[taskcluster:"].map((line) => log.indexOf(line, start)).filter((at) => at >= 0);
    return log.subarray(start, Math.min(...ends));
  }

  /** The last line of the log, without its prefix. */
  get verdict(): string {
    return (
      this.log
        .trimEnd()
        .split("\n")
        .at(-1)
        ?.replace(/^\[taskcluster[^\]]*\] /, "") ?? ""
    );
  }
}

export interface Ran {
  readonly status: number | null;
  readonly tasks: readonly Story[];
  readonly stderr: readonly string[];
}

/** A directory that every account can enter, removed when the test that asks for it ends, or its file. */
export function openDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "story-"));
  chmodSync(directory, 0o755);
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes a task file. JSON is YAML. */
export function writeTasks(path: string, payloads: readonly object[]): string {
  writeFileSync(path, payloads.map((payload) => JSON.stringify({ payload })).join("\n---\n"));
  return path;
}

export function eventsOf(lines: readonly string[]): Event[] {
  return lines.map((line): Event => JSON.parse(line));
}

/** The tasks of one run, in the order of the file, from the lines of stdout. */
export function storiesOf(lines: readonly string[], count: number): Story[] {
  const events = eventsOf(lines);
  return Array.from({ length: count }, (_, index) => new Story(events.filter(({ n }) => n === index + 1)));
}

/** The users that the lines of stdout name, of an unfinished run too. */
export function usersOf(lines: readonly string[]): User[] {
  return eventsOf(lines).flatMap(({ event, user, uid }) => (event === "user" && user && uid ? [{ user, uid }] : []));
}

interface RunOptions extends LaunchOptions {
  /** Lie beside the task file. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Runs the payloads to their end, and looks at the machine afterwards. */
export async function runTask(
  payloads: readonly object[],
  { files = {}, ...options }: RunOptions = {},
  directory = openDirectory(),
): Promise<Ran> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const file = writeTasks(join(directory, "tasks.yml"), payloads);
  const artifacts = join(directory, "artifacts");
  const launched = new Launched(["run-task", file, "--json", "--artifacts", artifacts], options);
  const status = await launched.status();
  assert.ok(existsSync(artifacts), `it began: ${launched.stderr.join("; ")}`);
  assertGone(usersOf(launched.stdout));
  return { status, tasks: storiesOf(launched.stdout, payloads.length), stderr: launched.stderr };
}

/** Runs named payloads once for all tests of a file, which ask for them by name. To be called at the top of the file. */
export function runOnce<Name extends string>(
  payloads: Readonly<Record<Name, object>>,
  files: Readonly<Record<string, string>> = {},
): { ran(): Promise<Ran>; story(name: Name): Promise<Story> } {
  const directory = openDirectory();
  let running: Promise<Ran> | undefined;
  const ran = (): Promise<Ran> => {
    running ??= runTask(Object.values(payloads), { files }, directory);
    return running;
  };
  return {
    ran,
    async story(name) {
      const story = (await ran()).tasks[Object.keys(payloads).indexOf(name)];
      if (!story) throw new Error(`there is no story ${name}`);
      return story;
    },
  };
}

/** The payload of some lines of bash, in generic-worker's dialect. */
export function bash(lines: string, more: object = {}): object {
  return { command: [["/bin/bash", "-c", lines]], maxRunTime: 60, ...more };
}
