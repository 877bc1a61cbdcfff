/** Turns a document of a task file into what `createTask` takes: absent fields get a value, stale dates move to today. */
import { basename } from "node:path";
import type { TaskDocument } from "./task-file.ts";

export interface FillIn {
  /** The file's path, for the name of a task without one. */
  readonly file: string;
  readonly now: Date;
  /** `provisionerId/workerType`, for a task that names no queue. */
  readonly taskQueueId: string;
  /** Who asks, for `metadata.owner`. */
  readonly owner: string;
}

export interface Filled {
  readonly definition: Readonly<Record<string, unknown>>;
  /** What was changed although the file says otherwise, one sentence each. */
  readonly notices: readonly string[];
}

const dayMs = 24 * 60 * 60 * 1000;
/** The queue takes a `created` that is off by up to 15 minutes. */
const createdToleranceMs = 14 * 60 * 1000;

function time(value: unknown): number | null {
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

function dates(definition: Readonly<Record<string, unknown>>, now: Date): { fields: object; moved: boolean } {
  const created = time(definition["created"]);
  const deadline = time(definition["deadline"]);
  const stale =
    (created !== null && Math.abs(created - now.getTime()) > createdToleranceMs) ||
    (deadline !== null && deadline <= now.getTime());
  if (!stale) {
    return {
      fields: {
        created: definition["created"] ?? now.toISOString(),
        deadline: definition["deadline"] ?? new Date(now.getTime() + dayMs).toISOString(),
      },
      moved: false,
    };
  }
  const origin = created ?? (deadline ?? 0) - dayMs;
  const moved = (value: number) => new Date(now.getTime() + Math.max(value - origin, 60_000)).toISOString();
  const expires = time(definition["expires"]);
  return {
    fields: {
      created: now.toISOString(),
      deadline: moved(deadline ?? origin + dayMs),
      ...(expires === null ? {} : { expires: moved(expires) }),
    },
    moved: true,
  };
}

/** The queue that a definition names, as `provisionerId/workerType`; null when it names none. */
export function queueOf(definition: Readonly<Record<string, unknown>>): string | null {
  if (typeof definition["taskQueueId"] === "string") return definition["taskQueueId"];
  const { provisionerId, workerType } = definition;
  return typeof provisionerId === "string" && typeof workerType === "string" ? `${provisionerId}/${workerType}` : null;
}

/** Values that are present and not stale are left as they are, valid or not: the queue judges them. */
export function fillIn(document: TaskDocument, how: FillIn): Filled {
  const { definition } = document;
  const { fields, moved } = dates(definition, how.now);
  const { metadata } = definition;
  const given = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) ? metadata : {};
  const [provisionerId, workerType] = how.taskQueueId.split("/");
  const queue =
    definition["taskQueueId"] === undefined
      ? {
          provisionerId: definition["provisionerId"] ?? provisionerId,
          workerType: definition["workerType"] ?? workerType,
        }
      : {};
  return {
    definition: {
      ...definition,
      ...queue,
      ...fields,
      metadata:
        metadata !== undefined && given !== metadata
          ? metadata
          : {
              name: `${basename(how.file)} ${document.n}`,
              description: `Task ${document.n} of ${basename(how.file)}`,
              owner: how.owner,
              source: "https://localhost/",
              ...given,
            },
    },
    notices: moved ? [`task ${document.n}: its dates lie too far from now, so they were moved to today`] : [],
  };
}
