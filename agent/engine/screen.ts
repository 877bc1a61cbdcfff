/** Whether a task user can use the graphics session. Looked at as a task will: through root, launchctl, and as that user. */
import { EngineError } from "./engine.ts";
import type { TaskAccount } from "./task-account.ts";
import { replyOf, TOOL_IDLE_MS } from "./user-tool.ts";

/** macOS's names for kinds of sessions; this one is that of a person at the screen. */
const WITH_SCREEN = "Aqua";

/** Throws EngineError `no-screen` with what was seen in place of a session. `launchctl` is an absolute path. */
export async function probeScreen(account: TaskAccount, launchctl: string): Promise<void> {
  const tool = await account.start({ argv: [launchctl, "managername"], env: { LC_ALL: "C" }, graphical: true });
  const said = (await replyOf(account, tool, TOOL_IDLE_MS)).trim();
  if (said === WITH_SCREEN) return;
  const { code } = await tool.exited;
  const seen =
    code === null ? "it could not be started there" : `it said ${JSON.stringify(said)} and ended with ${code}`;
  throw new EngineError("no-screen", `\`launchctl managername\` of a task user should say ${WITH_SCREEN}; ${seen}.`);
}
