/** What a worker looks at before it asks for tasks: the screen, its credentials, the disk, a quarantine. */
import type { IdleReason } from "./activity.ts";
import { freeMegabytesOf } from "./disk.ts";
import { clockSentence } from "./queue/explain.ts";
import { QuarantineWatch } from "./queue/quarantine-watch.ts";
import type { QueueClient } from "./queue/queue-client.ts";
import type { RunServices } from "./run-services.ts";
import { messageOf } from "./thrown.ts";

export class Readiness {
  readonly #services: RunServices;
  readonly #quarantine: QuarantineWatch;
  readonly #client: QueueClient;
  #toldClock = false;
  #seenScreen = false;

  constructor(client: QueueClient, services: RunServices) {
    this.#services = services;
    this.#client = client;
    const { logger } = services;
    this.#quarantine = new QuarantineWatch(
      () => client.quarantinedUntil(),
      ({ code, status }) => logger.info({ code, status }, "The queue does not say whether this worker is quarantined."),
    );
  }

  /** How many tasks a poll has brought. */
  polled(claims: number): void {
    this.#quarantine.polled(claims);
    this.#lookAtClock();
  }

  /** What a wrong clock leads to does not show where it comes from; so it is said, once for as long as it lasts. */
  #lookAtClock(): void {
    const sentence = clockSentence(this.#client.clockAheadMs);
    const { logger } = this.#services;
    if (sentence && !this.#toldClock) logger.warn(`${sentence} From 900 s on the queue refuses every call.`);
    this.#toldClock = sentence !== "";
  }

  /** Why no tasks should be claimed now; null when they can be. Never throws. */
  async hindrance(): Promise<IdleReason | null> {
    // Where the newest could not be made, that of a task could not either. The first that fails is known to nobody before.
    const noUser = await this.#services.engine.whyNoUser();
    if (noUser) return { kind: "no-user", ...noUser };
    const withoutScreen = await this.#withoutScreen();
    if (withoutScreen) return withoutScreen;
    const { expired } = this.#client;
    if (expired) return { kind: "credentials", expired: expired.toISOString() };
    return (await this.#shortOfDisk()) ?? (await this.#quarantined());
  }

  /** A run has had trouble. A session that ended, or has no place left, shows in that. */
  troubled(): void {
    this.#seenScreen = false;
  }

  async #withoutScreen(): Promise<IdleReason | null> {
    const { config, engine } = this.#services;
    if (config.headlessTasks || this.#seenScreen) return null;
    if (!engine.graphical) return { kind: "no-graphics" };
    // Before the look: a run that has trouble meanwhile asks for another one.
    this.#seenScreen = true;
    try {
      await engine.probeScreen();
      return null;
    } catch (error) {
      this.#seenScreen = false;
      return { kind: "no-screen", message: messageOf(error) };
    }
  }

  async #shortOfDisk(): Promise<IdleReason | null> {
    const { config, engine, scratchRoot } = this.#services;
    const wantedMegabytes = config.requiredDiskSpaceMegabytes;
    if (wantedMegabytes === 0) return null;
    for (const directory of [scratchRoot, engine.homesDirectory]) {
      if (directory === null) continue;
      try {
        const freeMegabytes = await freeMegabytesOf(directory);
        if (freeMegabytes < wantedMegabytes) return { kind: "disk", directory, freeMegabytes, wantedMegabytes };
      } catch (error) {
        return { kind: "disk-unknown", directory, message: messageOf(error) };
      }
    }
    return null;
  }

  async #quarantined(): Promise<IdleReason | null> {
    const until = await this.#quarantine.until();
    return until && { kind: "quarantined", until: until.toISOString() };
  }
}
