/** The part of auth that says what a caller may do. */
import type { ApiMethod } from "./api.ts";

export function authMethods(): ApiMethod[] {
  return [
    {
      name: "currentScopes",
      http: "GET",
      route: "/scopes/current",
      handle: async (call) => ({ body: { scopes: (await call.authorize({ AllOf: [] })).scopes } }),
    },
  ];
}
