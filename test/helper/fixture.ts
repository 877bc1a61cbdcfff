/** A suite's own real helper, and a client for each test of it. */

import { after, before, type TestContext } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { Client } from "./client.ts";
import { type RealHelper, type Settings, startRealHelper } from "./real-helper.ts";

export interface Fixture {
  readonly helper: RealHelper;
  /** A greeted client. At the end of the test it is closed, and what it leaves is ended before the next test begins. */
  client(test: TestContext): Promise<Client>;
  /** The same with a task user. */
  clientWithUser(test: TestContext): Promise<{ client: Client; user: Answers["createUser"] }>;
}

/** To be called in a suite: starts the helper before its tests and stops it after them. `settings` go into helper.json. */
export function useHelper(settings: Settings | ((firstUid: number) => Settings) = {}): Fixture {
  let helper: RealHelper | undefined;
  const started = (): RealHelper => {
    if (!helper) throw new Error("the helper has not been started");
    return helper;
  };
  before(async () => {
    helper = await startRealHelper(settings);
  });
  after(() => helper?.stop());
  const opened: Client[] = [];
  const client = async (test: TestContext): Promise<Client> => {
    const client = await Client.hello(started().socketPath);
    opened.push(client);
    test.after(async () => {
      for (const each of opened.splice(0)) await each.close();
      await started().idle();
    });
    return client;
  };
  return {
    get helper() {
      return started();
    },
    client,
    async clientWithUser(test) {
      const greeted = await client(test);
      return { client: greeted, user: await greeted.request("createUser", {}) };
    },
  };
}

export interface Seat {
  readonly helper: RealHelper;
  readonly client: Client;
  readonly user: Answers["createUser"];
}

/** To be called in a suite whose tests share one client and one task user: `take` gets them before the first of them. */
export function shareUser(take: (seat: Seat) => void): void {
  let seat: Seat | undefined;
  before(async () => {
    const helper = await startRealHelper();
    const client = await Client.hello(helper.socketPath);
    seat = { helper, client, user: await client.request("createUser", {}) };
    take(seat);
  });
  after(async () => {
    await seat?.client.close();
    await seat?.helper.stop();
  });
}
