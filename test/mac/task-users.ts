/** A helper of a probe's own, on the first free slice, and task users that it makes: the code that is audited, on this Mac. */
import { spawnSync } from "node:child_process";
import type { Config } from "../../helper/config.ts";
import { placesOf } from "../../helper/places.ts";
import { slices, startHelper } from "../../helper/slice.ts";
import type { Answers } from "../../shared/protocol/messages.ts";
import { Client, path } from "../helper/client.ts";
import { prepare } from "../helper/prepared.ts";
import { within } from "../helper/wait.ts";
import type { Ground } from "./ground.ts";

export interface TaskUsers {
  readonly client: Client;
  readonly user: Answers["createUser"];
  /** Of the helper. */
  readonly socket: string;
}

export const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

/** When a process was started, as `ps` says it; "" when there is none. */
export function startOf(pid: number): string {
  return spawnSync("/bin/ps", ["-o", "lstart=", "-p", `${pid}`], { encoding: "utf8" }).stdout.trim();
}

/** Starts a helper, makes a task user, and ends both when `use` has ended. `settings` go into helper.json. */
export async function withTaskUser<T>(
  ground: Ground,
  use: (users: TaskUsers) => Promise<T>,
  settings: Partial<Config> = {},
): Promise<T> {
  const { node, code, release } = await prepare();
  try {
    for (const slice of slices) {
      const helper = await startHelper(slice, node, code, settings);
      if (helper === 75) continue;
      const places = placesOf(slice.name);
      if (typeof helper === "number")
        throw new Error(`the helper ended with ${helper}: read ${places.logs}/helper.log`);
      ground.ledger.note({ kind: "helper", pid: Number(helper.pid), started: startOf(Number(helper.pid)) });
      const client = await Client.hello(places.socket);
      try {
        return await use({ client, user: await client.request("createUser", {}), socket: places.socket });
      } finally {
        await client.close();
        const gone = new Promise((resolve) => helper.once("exit", resolve));
        helper.stdin?.end();
        await within(gone, "the end of the helper", 60_000);
      }
    }
    throw new Error("every slice of user ids is in use: wait for other workers to end");
  } finally {
    release();
  }
}

/** What bash lines print as a task user, without the last newline, and how they ended when that is not `exit 0`. */
export async function said(users: TaskUsers, lines: string): Promise<string> {
  const env = { PATH: path, HOME: users.user.home };
  const { exited, output } = await users.client.run(users.user.user, bash(lines), { env });
  const end = exited.code === 0 ? "" : ` (${exited.signal ?? `exit ${exited.code}`})`;
  return `${output.trim()}${end}`;
}
