/** What a worker does at a moment: it asks for tasks, has no place left, or is idle for a reason. */

/** Why no tasks are claimed. */
export type IdleReason =
  | { readonly kind: "starting" }
  /** The helper was lost, and its successor is waited for. */
  | { readonly kind: "no-helper" }
  /** A task user could do what no task may. */
  | { readonly kind: "not-isolated"; readonly message: string }
  /** The helper makes no task user. */
  | { readonly kind: "no-user"; readonly code: string; readonly message: string }
  /** `headlessTasks` is false, and tasks get no screen here. */
  | { readonly kind: "no-graphics" }
  /** Root gives tasks a screen, and a task user could not use it. */
  | { readonly kind: "no-screen"; readonly message: string }
  | {
      readonly kind: "disk";
      readonly directory: string;
      readonly freeMegabytes: number;
      readonly wantedMegabytes: number;
    }
  | { readonly kind: "disk-unknown"; readonly directory: string; readonly message: string }
  /** The machine could not even begin with the last tasks. */
  | { readonly kind: "resting"; readonly seconds: number; readonly message: string }
  /** By an administrator, at the queue. */
  | { readonly kind: "quarantined"; readonly until: string }
  /** The worker's own ones have ended, and nobody has replaced them yet. */
  | { readonly kind: "credentials"; readonly expired: string }
  | { readonly kind: "queue"; readonly message: string }
  /** Whoever manages the workers wants this one to end. */
  | { readonly kind: "termination"; readonly message: string }
  | { readonly kind: "plugin"; readonly message: string }
  | { readonly kind: "draining" }
  | { readonly kind: "ended" };

export type Activity =
  | { readonly state: "claiming"; readonly most: number }
  /** `isHeld`: places may be free, but polls are held. */
  | { readonly state: "full"; readonly isHeld?: boolean }
  | { readonly state: "idle"; readonly reason: IdleReason };

function reasonText(reason: IdleReason): string {
  switch (reason.kind) {
    case "starting":
      return "The worker has not started yet.";
    case "no-helper":
      return "No tasks are claimed: the helper was lost, and with it every run; its successor is waited for.";
    case "not-isolated":
      return `No tasks are claimed: ${reason.message}`;
    case "no-user":
      return `No tasks are claimed: no task user can be made: ${reason.message.replace(/\.$/, "")}.`;
    case "no-graphics":
      return (
        "No tasks are claimed: headlessTasks is false, so they need a screen, and root's configuration gives them none. " +
        "Set headlessTasks to true for tasks that need no screen."
      );
    case "no-screen":
      return `No tasks are claimed: headlessTasks is false, and the graphics session cannot be used: ${reason.message}`;
    case "disk": {
      const { directory, freeMegabytes, wantedMegabytes } = reason;
      return (
        `No tasks are claimed: the disk of ${directory} has ${freeMegabytes} MB free, and requiredDiskSpaceMegabytes is ` +
        `${wantedMegabytes}. Free some, or set that to less in the file given with --config.`
      );
    }
    case "disk-unknown":
      return `No tasks are claimed: the free space of ${reason.directory} cannot be asked for: ${reason.message}.`;
    case "resting":
      return `No tasks are claimed for ${reason.seconds} s: the last one could not be begun with: ${reason.message}`;
    case "quarantined":
      return `No tasks are claimed: the queue has this worker in quarantine until ${reason.until}.`;
    case "credentials":
      return `No tasks are claimed: the worker's credentials ended at ${reason.expired}; new ones are waited for.`;
    case "queue":
      return `The queue gave no tasks: ${reason.message}`;
    case "plugin":
    case "termination":
      return `No more tasks are claimed: ${reason.message}.`;
    case "draining":
      return "No more tasks are claimed.";
    case "ended":
      return "The worker has ended.";
  }
}

/** One sentence for a person. */
export function activityText(activity: Activity): string {
  switch (activity.state) {
    case "claiming":
      return `Asking the queue for up to ${activity.most} task${activity.most === 1 ? "" : "s"}.`;
    case "full":
      return activity.isHeld ? "The end of a task that could not be run is waited for." : "All places are taken.";
    case "idle":
      return reasonText(activity.reason);
  }
}

/** What tells a reason from others of its kind. */
function markOf(reason: IdleReason | null): string {
  if (reason?.kind === "no-user") return reason.code;
  return reason && "message" in reason ? reason.message : "";
}

/** Whether the second is no news after the first, though a number or a user in it may have changed. */
export function isSameReason(one: IdleReason | null, other: IdleReason | null): boolean {
  return one?.kind === other?.kind && markOf(one) === markOf(other);
}

/** Whether somebody should look at the machine or its configuration. */
export function isTrouble(reason: IdleReason): boolean {
  return !["starting", "termination", "draining", "ended"].includes(reason.kind);
}
