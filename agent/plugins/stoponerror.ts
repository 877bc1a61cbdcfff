/** Ends the worker after its first failure, when its tasks are done; on when `plugins` has `stoponerror`. */
import type { Plugin, WorkerControl } from "./plugin.ts";

export function stopOnErrorPlugin(isOn: boolean, worker: WorkerControl): Plugin {
  return {
    name: "stoponerror",
    newTaskPlugin: () => null,
    workerFailed: () => {
      if (isOn) worker.stopGracefully("something of the worker failed, and plugins.stoponerror is set");
    },
  };
}
