/** The lives of a task user that the crash matrix disturbs: everything root does for a task, from hello to the end. */
import type { Answers } from "../../shared/protocol/messages.ts";
import { Client, type Started } from "../helper/client.ts";

/**
 * `asked`: the agent asks for the end. `lost`: its connection breaks in the middle. `recovered`: the helper was killed in
 * the middle, and the next one ends what it left.
 */
export type Life = "asked" | "lost" | "recovered";
export const lives: readonly Life[] = ["asked", "lost", "recovered"];

/** What the agent saw of a life, as far as it came. */
export interface Story {
  user?: Answers["createUser"];
  gone?: Answers["deleteUser"];
  /** Why it went no further. */
  error?: unknown;
}

/** A daemon that no signal but KILL ends, a file in a shared place, and a tree that cannot be entered. */
const task = [
  "setsid bash -c 'trap \"\" TERM HUP; sleep 300; :' >/dev/null 2>&1 &",
  "mkdir -p a/b; echo x >a/b/f; chmod 000 a/b a; echo x >/tmp/tcw-$UID; echo up; sleep 300",
].join("\n");

/** What happens between two steps of a life: tools begin to fail, say. */
export interface Turns {
  /** The user is there and its task runs. */
  readonly running?: () => void;
}

async function begin(socketPath: string, story: Story): Promise<{ client: Client; started: Started }> {
  const client = await Client.hello(socketPath);
  try {
    story.user = await client.request("createUser", {});
    const started = await client.start(story.user.user, ["/bin/bash", "-c", task]);
    return { client, started };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** To the middle of a task: the agent is gone when this resolves, and the helper must be by the time it notices. */
export async function leaveInTheMiddle(socketPath: string, kill: () => Promise<void>): Promise<Story> {
  const story: Story = {};
  const { client } = await begin(socketPath, story);
  await kill();
  await client.close();
  return story;
}

/** Lives it as far as the helper lets it. Never throws: the story says how it went. */
export async function live(socketPath: string, life: "asked" | "lost", turns: Turns = {}): Promise<Story> {
  const story: Story = {};
  try {
    const { client, started } = await begin(socketPath, story);
    turns.running?.();
    try {
      if (life === "lost" || !story.user) return story;
      const { user } = story.user;
      await client.request("signal", { process: started.process, signal: "SIGTERM" });
      await client.exited(started.process);
      await client.request("killUser", { user });
      story.gone = await client.request("deleteUser", { user });
    } finally {
      await client.close();
    }
  } catch (error) {
    story.error = error;
  }
  return story;
}
