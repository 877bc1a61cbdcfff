/** What whoever installs has decided. The receipt keeps it for upgrades. */
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { Refusal } from "../refusal.ts";

export interface Choices {
  /** The account in whose graphics session the agent runs; null for a system job of the worker's own account. */
  readonly agentUser: string | null;
  readonly maxRunTimeSeconds: number;
  /** The quota of a volume for the homes, as diskutil takes it; null for none. */
  readonly volume: string | null;
}

const month = 30 * 24 * 60 * 60;
const day = 86_400;

/** `earlier`: those of an installation that is there; what is not named stays as it was. Throws Refusal `usage`. */
export function choicesOf({ values, flags }: Arguments, earlier: Choices | null): Choices {
  const refuse = (sentence: string): never => {
    throw new Refusal(exitStatus.usage, sentence);
  };
  const user = values.get("agent-user");
  if (user !== undefined && flags.has("headless")) refuse("--agent-user and --headless are two ways: name one");
  if (user === undefined && !flags.has("headless") && !earlier) {
    refuse("name the account that logs in by itself with --agent-user NAME, or use --headless");
  }
  if (user !== undefined && !/^[A-Za-z_][A-Za-z0-9_.-]{0,30}$/.test(user)) refuse(`"${user}" is no account's name`);
  const time = values.get("max-run-time");
  if (time !== undefined && !(/^\d{1,7}$/.test(time) && Number(time) > 0 && Number(time) <= month)) {
    refuse("--max-run-time takes whole seconds, from 1 to 2592000");
  }
  const volume = values.get("volume");
  if (volume !== undefined && !/^[1-9]\d{0,6}[gt]$/.test(volume)) refuse("--volume takes a size such as 200g or 1t");
  return {
    agentUser: flags.has("headless") ? null : (user ?? earlier?.agentUser ?? null),
    maxRunTimeSeconds: time === undefined ? (earlier?.maxRunTimeSeconds ?? day) : Number(time),
    volume: volume ?? earlier?.volume ?? null,
  };
}
