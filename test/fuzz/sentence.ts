import { messageOf } from "../../helper/refusal.ts";

/** Whether an error names the file, or is JSON.parse's own, and says something when it is printed as one line. */
export function isSentence(error: unknown, file: string): boolean {
  if (!(error instanceof SyntaxError) && !(error instanceof Error && error.message.startsWith(`${file}: `)))
    return false;
  return messageOf(error).trim() !== "";
}
