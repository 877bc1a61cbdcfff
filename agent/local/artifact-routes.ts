/** Calls that create and read artifacts. */
import type { ApiMethod } from "./api.ts";
import { type ArtifactContext, createArtifact, finishArtifact } from "./artifact-create.ts";
import { artifactContent, artifactInfo, getArtifact, listArtifacts } from "./artifact-read.ts";

export function artifactMethods(context: ArtifactContext): ApiMethod[] {
  const task = "/task/<taskId>";
  const run = `${task}/runs/<runId>`;
  const query = ["continuationToken", "limit"];
  const create = (param: (name: string) => string) => `queue:create-artifact:${param("taskId")}/${param("runId")}`;
  const list = (param: (name: string) => string) => `queue:list-artifacts:${param("taskId")}`;
  const listRun = (param: (name: string) => string) => `queue:list-artifacts:${param("taskId")}:${param("runId")}`;
  return [
    {
      name: "createArtifact",
      http: "POST",
      route: `${run}/artifacts/<name>`,
      scopes: create,
      handle: (call) => createArtifact(context, call),
    },
    {
      name: "finishArtifact",
      http: "PUT",
      route: `${run}/artifacts/<name>`,
      scopes: create,
      handle: (call) => finishArtifact(context, call),
    },
    {
      name: "getArtifact",
      http: "GET",
      route: `${run}/artifacts/<name>`,
      handle: (call) => getArtifact(context, call, false),
    },
    {
      name: "getLatestArtifact",
      http: "GET",
      route: `${task}/artifacts/<name>`,
      handle: (call) => getArtifact(context, call, true),
    },
    {
      name: "artifact",
      http: "GET",
      route: `${run}/artifact-content/<name>`,
      handle: (call) => artifactContent(context, call, false),
    },
    {
      name: "latestArtifact",
      http: "GET",
      route: `${task}/artifact-content/<name>`,
      handle: (call) => artifactContent(context, call, true),
    },
    {
      name: "artifactInfo",
      http: "GET",
      route: `${run}/artifact-info/<name>`,
      scopes: listRun,
      handle: (call) => artifactInfo(context, call, false),
    },
    {
      name: "latestArtifactInfo",
      http: "GET",
      route: `${task}/artifact-info/<name>`,
      scopes: list,
      handle: (call) => artifactInfo(context, call, true),
    },
    {
      name: "listArtifacts",
      http: "GET",
      route: `${run}/artifacts`,
      query,
      scopes: listRun,
      handle: (call) => listArtifacts(context, call, false),
    },
    {
      name: "listLatestArtifacts",
      http: "GET",
      route: `${task}/artifacts`,
      query,
      scopes: list,
      handle: (call) => listArtifacts(context, call, true),
    },
  ];
}
