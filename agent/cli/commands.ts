/** Every command that the agent's side has. */
import type { Option } from "../../shared/grammar.ts";
import { rootCommands } from "../../shared/root-commands.ts";
import type { Command } from "./command.ts";
import { runExitStatus } from "./exit-status.ts";
import { levelsInWords, loggingLevels } from "./logging-levels.ts";

const workOptions: Readonly<Record<string, Option>> = {
  "logging-level": { value: "LEVEL", short: "l", help: levelsInWords },
  config: { value: "FILE", help: "settings in YAML or JSON (default: those of the installation)" },
  "with-helper": { help: "as root: start a helper too, and give root up for the worker" },
};

const runOptions: Readonly<Record<string, Option>> = {
  ...workOptions,
  "with-worker-runner": { help: "worker-runner has started this; as root the same as --with-helper, too" },
};

const whichWorker: Readonly<Record<string, Option>> = {
  instance: { value: "NAME", help: "which one, where there are several (default: the one that runs)" },
  "agent-user": { value: "NAME", help: "as root: the account that the agent runs as" },
};

export const commands: Readonly<Record<string, Command>> = {
  "run-task": {
    grammar: {
      command: "run-task",
      operands: ["FILE"],
      options: {
        artifacts: { value: "DIR", help: "keep the artifacts in DIR, which must be absent or empty" },
        json: { help: "print one JSON object per line on stdout, and nothing else" },
        "agent-user": { value: "NAME", help: "run the agent as this account (default: a hidden one of its own)" },
      },
    },
    summary: "run the tasks of a YAML file on this machine, each in a user account of its own (needs root)",
    load: async () => (await import("./run-task.ts")).runTask,
  },
  work: {
    grammar: {
      command: "work",
      operands: ["ENGINE"],
      options: workOptions,
      choices: { ENGINE: ["macosx"], LEVEL: loggingLevels },
    },
    summary: "run the worker for a Taskcluster deployment; ENGINE is macosx",
    load: async () => (await import("./work.ts")).work,
  },
  run: {
    grammar: { command: "run", operands: [], options: runOptions, choices: { LEVEL: loggingLevels } },
    summary: "`work macosx` with generic-worker's defaults, signals and exit codes",
    load: async () => (await import("./work.ts")).run,
    internal: runExitStatus.internal,
  },
  status: {
    grammar: {
      command: "status",
      operands: [],
      options: {
        json: { help: "one JSON object, with currentTaskIds as generic-worker's status has it" },
        ...whichWorker,
      },
    },
    summary: "show what the worker of this account does; 0: it takes tasks, 1: it is idle for a reason, 69: none runs",
    load: async () => (await import("./status.ts")).status,
  },
  drain: {
    grammar: { command: "drain", operands: [], options: whichWorker },
    summary: "tell the worker of this account to claim nothing more, to finish its tasks and to end",
    load: async () => (await import("./drain.ts")).drain,
  },
  queue: {
    grammar: {
      command: "queue",
      operands: [],
      options: { port: { value: "PORT", help: "port on 127.0.0.1 (default: any free one)" } },
    },
    summary: "run the embedded queue here and print the environment that a worker and submit need",
    load: async () => (await import("./queue.ts")).runQueue,
  },
  submit: {
    grammar: {
      command: "submit",
      operands: ["FILE"],
      options: { wait: { help: "follow the tasks until they are resolved" } },
    },
    summary: "create the tasks of a YAML file at the queue of TASKCLUSTER_ROOT_URL and print their ids",
    load: async () => (await import("./submit.ts")).submit,
  },
  audit: {
    grammar: {
      command: "audit",
      operands: ["verify|show", "FILE…"],
      optionalFrom: 1,
      options: {
        head: { value: "HASH", help: "verify: a hash that the agent has logged; its line must be there" },
        user: { value: "ID", help: "show: the entries of one task user, by its name or uid" },
        json: { help: "show: one JSON object per line" },
        instance: { value: "NAME", help: "whose log is read when no FILE is named (default: default; needs root)" },
      },
    },
    summary: "check that nobody has changed the helper's audit log, or print it; FILEs are read in the given order",
    load: async () => (await import("./audit.ts")).audit,
  },
  "check-service": {
    grammar: {
      command: "check-service",
      operands: [],
      options: {
        config: { value: "FILE", help: "settings in YAML or JSON (default: those of the installation)" },
        register: { help: "register with worker-manager, as the worker does; not beside one that runs" },
        "agent-user": { value: "NAME", help: "as root: the account that the agent runs as" },
      },
    },
    summary: "ask the worker's services, and print one JSON object for doctor: queue, scopes, worker-manager, clock",
    load: async () => (await import("./check-service.ts")).checkService,
  },
  "break-in": {
    grammar: { command: "break-in", operands: [], options: {} },
    summary: "try to get from the agent's or a task's rights to root's, on an instance of its own (needs root)",
    load: async () => (await import("./break-in.ts")).breakIn,
  },
  "show-payload-schema": {
    grammar: {
      command: "show-payload-schema",
      operands: [],
      options: { dialect: { value: "NAME", help: "generic-worker (the default) or taskcluster-worker" } },
      choices: { NAME: ["generic-worker", "taskcluster-worker"] },
    },
    summary: "print the JSON Schema of the payload",
    load: async () => (await import("./show-payload-schema.ts")).showPayloadSchema,
  },
  completion: {
    grammar: { command: "completion", operands: ["bash|zsh"], options: {} },
    summary: 'print what lets a shell complete these commands: eval "$(./taskcluster-worker completion bash)"',
    load: async () => (await import("./completion.ts")).completionOf(commands),
  },
  // Programs of launchd/, to which the launcher goes; their rows are here for the help and the pages.
  ...Object.fromEntries(
    Object.values(rootCommands).map((row) => [
      row.grammar.command,
      { ...row, load: async () => (await import("./elsewhere.ts")).elsewhere },
    ]),
  ),
};
