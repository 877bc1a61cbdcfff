/** What happens to a run, for whoever watches it: `run-task` prints these, `status` counts them. */
import type { Gone } from "../shared/protocol/messages.ts";
import type { RunId, TaskId } from "./queue/types.ts";
import type { TaskLog } from "./task-log.ts";

export type TaskEvent =
  /** The first event. `log` can be followed with its `reader()` from here on. `created` is the task's own. */
  | {
      readonly event: "claimed";
      readonly taskId: TaskId;
      readonly runId: RunId;
      readonly created: string;
      readonly log: TaskLog;
    }
  /** The task user that the task runs as. */
  | {
      readonly event: "user";
      readonly taskId: TaskId;
      readonly runId: RunId;
      readonly name: string;
      readonly uid: number;
    }
  /** The first command is about to run. */
  | { readonly event: "started"; readonly taskId: TaskId; readonly runId: RunId }
  /** The queue knows the artifact now; its bytes may still be on the way. */
  | {
      readonly event: "artifact";
      readonly taskId: TaskId;
      readonly runId: RunId;
      readonly name: string;
      readonly storageType: string;
    }
  /** `reported`: the queue was told, and agreed. `reason` only with the state exception. `message`: the last log line. */
  | {
      readonly event: "resolved";
      readonly taskId: TaskId;
      readonly runId: RunId;
      readonly state: "completed" | "failed" | "exception";
      readonly reason: string | null;
      readonly message: string | null;
      readonly reported: boolean;
    }
  /** The task user is gone, or what is left of it. */
  | {
      readonly event: "gone";
      readonly taskId: TaskId;
      readonly runId: RunId;
      readonly gone: Gone;
      readonly name: string;
      readonly uid: number;
    };

/** Called in order; must not throw and must not wait. */
export type TaskEvents = (event: TaskEvent) => void;
