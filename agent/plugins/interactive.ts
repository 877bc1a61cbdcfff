/** Shells for people in a running task: an artifact leads to a page, from which a terminal of the task user can be used. */
import { Readable } from "node:stream";
import { createArtifact } from "../artifacts/create.ts";
import { patient, type Retries } from "../artifacts/store.ts";
import { upload } from "../artifacts/upload.ts";
import type { LazyShellServer } from "../http/lazy-shell-server.ts";
import type { PublishedShells } from "../http/shell-server.ts";
import { TaskShells } from "../interactive/task-shells.ts";
import type { InteractiveSpec } from "../payload/payload.ts";
import type { TaskContext } from "../task-context.ts";
import { messageOf } from "../thrown.ts";
import type { Plugin } from "./plugin.ts";

/** `server` is null where shells are switched off; payloads that ask for one are refused then. */
export function interactivePlugin(server: LazyShellServer | null, retries: Retries = patient): Plugin {
  return {
    name: "interactive",
    newTaskPlugin: (task) => {
      const { interactive } = task.payload;
      if (!interactive || !server) return null;
      let shells: TaskShells | null = null;
      let published: PublishedShells | null = null;
      return {
        started: async (sandbox) => {
          shells = new TaskShells(sandbox, (line) => task.log.info(line));
          try {
            published = (await server.started()).publish(shells);
            await announce(task, interactive, published, retries);
          } catch (error) {
            // A task without its shell is still worth running.
            published?.remove();
            task.log.warn(`Interactive shells cannot be used: ${messageOf(error)}`);
          }
        },
        commandsEnded: async () => {
          if (interactive.holdsTask && !task.signal.aborted) await shells?.ended();
          await shells?.close();
        },
        dispose: async () => {
          published?.remove();
          await shells?.close();
        },
      };
    },
  };
}

/** The address is of no use after the deadline. */
async function announce(
  task: TaskContext,
  { pageArtifact, socketsArtifact }: InteractiveSpec,
  { url, streamUrl }: PublishedShells,
  retries: Retries,
): Promise<void> {
  const expires = task.task.deadline;
  const contentType = "text/html; charset=utf-8";
  await createArtifact(task, pageArtifact, { storageType: "reference", expires, contentType, url });
  if (socketsArtifact === null) return;
  const sockets = Buffer.from(JSON.stringify({ version: 2, shellSocketUrl: streamUrl }, null, 2));
  await upload(
    task,
    {
      name: socketsArtifact,
      expires,
      contentType: "application/json",
      contentEncoding: "identity",
      contentLength: sockets.length,
      source: { size: sockets.length, open: async () => Readable.from([sockets]) },
    },
    retries,
  );
}
