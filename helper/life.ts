/** The life of a task user, from an account to the proof that nothing of it is left. */
import type { Gone } from "../shared/protocol/messages.ts";
import type { TaskUser } from "../shared/protocol/root-types.ts";
import type { Accounts } from "./accounts.ts";
import type { Audit } from "./audit.ts";
import type { Config } from "./config.ts";
import type { Directories } from "./directories.ts";
import type { Journal } from "./journal.ts";
import { killUser } from "./reap.ts";
import { runSweep } from "./spawn.ts";

const sweepMs = 60_000;

interface Parts {
  accounts: Accounts;
  audit: Audit;
  config: Config;
  directories: Directories;
  journal: Journal;
}

export class Life {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A clean resting user, else a new one. Undefined when there is none to be had; throws when a step fails. */
  async create(): Promise<TaskUser | undefined> {
    const { accounts, directories, journal, audit } = this.#parts;
    const rested = [...journal.users.values()].find(({ state, parkId }) => state === "resting" && !parkId);
    if (rested) journal.move(rested, "creating"); // At once: nobody else may take it.
    if (rested && (await accounts.verify(rested)) !== "ours") {
      journal.move(rested, "quarantined");
      throw new Error(`the resting record of ${rested.name} is no longer the one that was made`);
    }
    const user = rested ?? (await accounts.create((name) => directories.homeOf(name)));
    if (!user) return undefined;
    try {
      audit.note("directories", { user: user.name, uid: user.uid });
      directories.create(user.name, user.uid);
      journal.move(user, "ready");
    } catch (error) {
      await this.end(user);
      throw error;
    }
    return user;
  }

  /** Kills what runs as the user; the account and its files stay. */
  kill(user: TaskUser): Promise<{ killed: number; left: number }> {
    return killUser(user.uid, this.#parts.audit);
  }

  /**
   * Ends a task user: kill, sweep as the user, kill again, remove, look. Never throws: what cannot be proven is
   * quarantined. A journal that cannot be written does not stop it, because killing and deleting make nothing worse.
   */
  async end(user: TaskUser): Promise<Gone> {
    const { accounts, audit, directories } = this.#parts;
    this.#record(user, "deleting");
    const seen = { found: { processes: 0, shared: 0 }, left: { processes: 1, shared: 1, home: true, account: true } };
    try {
      const before = await killUser(user.uid, audit);
      if (before.left === 0) {
        const counts = await this.#sweep(user);
        const after = await killUser(user.uid, audit);
        seen.found = { processes: before.killed, shared: counts.found };
        seen.left.processes = after.left;
        seen.left.shared = counts.left;
      }
      audit.note("remove", { user: user.name });
      seen.left.home = !directories.remove(user.name);
      const clean = seen.left.processes === 0 && seen.left.shared === 0 && !seen.left.home;
      // An account whose processes or files are left stays: its uid must not be given to anybody.
      const removed = clean ? await accounts.remove(user) : "failed";
      seen.left.account = removed !== "gone";
      this.#record(user, removed === "gone" ? "gone" : removed === "forbidden" ? "resting" : "quarantined");
    } catch (error) {
      audit.note("end-failed", { user: user.name, error: error instanceof Error ? error.message : "unknown" });
      this.#record(user, "quarantined");
    }
    const { found, left } = seen;
    const removed = { processes: found.processes - left.processes, shared: found.shared - left.shared };
    removed.processes = Math.max(0, removed.processes);
    removed.shared = Math.max(0, removed.shared);
    const state = user.state === "gone" || user.state === "resting" ? user.state : "quarantined";
    audit.note("ended", { user: user.name, uid: user.uid, state, left: JSON.stringify(left) });
    return { state, found, removed, left, auditHead: audit.head };
  }

  /** Entries of shared places that the user owned before and after. Without an answer everything counts as left. */
  async #sweep(user: TaskUser): Promise<{ found: number; left: number }> {
    const { config, directories, audit } = this.#parts;
    audit.note("sweep", { user: user.name, uid: user.uid });
    const homes = directories.exists(user.name) ? [directories.homeOf(user.name)] : [];
    const swept = await runSweep(user.uid, config, [user.name, `${user.uid}`, ...homes], sweepMs);
    const [found, left] = ["found", "left"].map((word) => new RegExp(`^${word} (\\d+)$`, "m").exec(swept.stdout)?.[1]);
    return { found: Number(found ?? 1), left: Number(left ?? 1) };
  }

  #record(user: TaskUser, state: TaskUser["state"]): void {
    try {
      this.#parts.journal.move(user, state);
    } catch {
      user.state = state;
      this.#parts.audit.note("journal-unwritable", { user: user.name, state });
    }
  }
}
