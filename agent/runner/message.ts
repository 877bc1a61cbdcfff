/** worker-runner's protocol: a message is a line `~{json}`; any other line is plain text. */
import { checkCredentials } from "../queue/check.ts";
import { AnswerError, type Fields, object, text, texts } from "../queue/fields.ts";
import type { Credentials } from "../queue/types.ts";

/** What both sides must know of before it is used. */
export const capabilities = ["error-report", "graceful-termination", "log", "new-credentials", "shutdown"] as const;
export type Capability = (typeof capabilities)[number];

export interface Welcome {
  readonly type: "welcome";
  readonly capabilities: readonly string[];
}

/** What comes after the welcome. */
export type FromRunner =
  | { readonly type: "graceful-termination"; readonly finishTasks: boolean }
  | { readonly type: "new-credentials"; readonly credentials: Credentials }
  | { readonly type: "text"; readonly text: string }
  /** A message that is none. What it holds is not repeated: it may be credentials. */
  | { readonly type: "unusable"; readonly why: string };

export type ToRunner =
  | { readonly type: "hello"; readonly capabilities: readonly Capability[] }
  | { readonly type: "log"; readonly body: Readonly<Record<string, unknown>> }
  | {
      readonly type: "error-report";
      readonly kind: string;
      readonly title: string;
      readonly description: string;
      readonly extra: Readonly<Record<string, string>>;
    }
  | { readonly type: "shutdown" };

export function toLine(message: ToRunner): string {
  return `~${JSON.stringify(message)}\n`;
}

export function fromLine(line: string): Welcome | FromRunner {
  const trimmed = line.trim();
  if (!trimmed.startsWith("~")) return { type: "text", text: trimmed };
  try {
    return checked(object(JSON.parse(trimmed.slice(1)), "it"));
  } catch (error) {
    return { type: "unusable", why: error instanceof AnswerError ? error.what : "it is no JSON" };
  }
}

function checked(fields: Fields): Welcome | FromRunner {
  const type = text(fields, "type");
  switch (type) {
    case "welcome":
      return { type, capabilities: texts(fields, "capabilities") };
    case "graceful-termination":
      return { type, finishTasks: fields["finish-tasks"] === true };
    case "new-credentials":
      return { type, credentials: newCredentials(fields) };
    default:
      throw new AnswerError(`there is no message ${JSON.stringify(type.slice(0, 40))}`);
  }
}

/** worker-runner sends an empty certificate with permanent credentials. */
function newCredentials(fields: Fields): Credentials {
  const certificate = fields["certificate"] === "" ? undefined : fields["certificate"];
  return checkCredentials({ clientId: fields["client-id"], accessToken: fields["access-token"], certificate });
}
