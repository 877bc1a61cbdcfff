/** The calls of worker-manager that a worker makes, as its published reference has them. The client's own is older. */
export const reference = {
  serviceName: "worker-manager",
  apiVersion: "v1",
  entries: [
    {
      ...{ type: "function", name: "registerWorker", method: "post", route: "/worker/register" },
      ...{ args: [], query: [], input: "v1/register-worker-request.json#" },
    },
    {
      ...{ type: "function", name: "reregisterWorker", method: "post", route: "/worker/reregister" },
      ...{ args: [], query: [], input: "v1/reregister-worker-request.json#" },
    },
    {
      ...{ type: "function", name: "shouldWorkerTerminate", method: "get" },
      route: "/workers/<workerPoolId>/<workerGroup>/<workerId>/should-terminate",
      ...{ args: ["workerPoolId", "workerGroup", "workerId"], query: [] },
    },
  ],
};
