/** Scopes, and the expressions that calls demand of them. No roles but `anonymous` exist here. */

export type ScopeExpression =
  | string
  | { readonly AllOf: readonly ScopeExpression[] }
  | { readonly AnyOf: readonly ScopeExpression[] };

/** What anybody may do without credentials. */
export const anonymousScopes: readonly string[] = [
  "queue:status:*",
  "queue:get-task:*",
  "queue:list-artifacts:*",
  "queue:get-artifact:public/*",
];

function grants(granted: string, required: string): boolean {
  return granted === required || (granted.endsWith("*") && required.startsWith(granted.slice(0, -1)));
}

/** Whether the granted scopes satisfy the expression; an empty AllOf is satisfied, an empty AnyOf is not. */
export function satisfies(granted: readonly string[], expression: ScopeExpression): boolean {
  if (typeof expression === "string") return granted.some((scope) => grants(scope, expression));
  if ("AllOf" in expression) return expression.AllOf.every((part) => satisfies(granted, part));
  return expression.AnyOf.some((part) => satisfies(granted, part));
}

/** The parts of the expression that are not satisfied, as text for an error message. */
export function missing(granted: readonly string[], expression: ScopeExpression): string {
  if (typeof expression === "string") return expression;
  if ("AnyOf" in expression) return `one of (${expression.AnyOf.map((part) => missing(granted, part)).join(" | ")})`;
  return expression.AllOf.filter((part) => !satisfies(granted, part))
    .map((part) => missing(granted, part))
    .join(", ");
}
