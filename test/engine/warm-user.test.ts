import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { HelperRefusedError } from "../../agent/engine/helper-client.ts";
import type { TaskAccount } from "../../agent/engine/task-account.ts";
import { WarmUser } from "../../agent/engine/warm-user.ts";

/** Users that come when the test says so; an account here is no more than itself. */
function users() {
  const asked: PromiseWithResolvers<TaskAccount>[] = [];
  const [failures, made]: [string[], string[]] = [[], []];
  const create = (): Promise<TaskAccount> => {
    const one = Promise.withResolvers<TaskAccount>();
    asked.push(one);
    return one.promise;
  };
  const warm = new WarmUser(create, { failed: (message) => failures.push(message), tried: () => made.push("made") });
  const account = (name: string): TaskAccount => Object.create(null, { name: { value: name } });
  return { asked, failures, made, warm, account };
}

describe("the user made ahead", { timeout: 20_000 }, () => {
  test("stays the next one's when a user that was begun before it fails after it was begun", async () => {
    const { asked, failures, warm, account } = users();
    warm.refill();
    const first = warm.take();
    warm.refill();
    asked[0]?.reject(new Error("no uid is free"));
    const [second, third] = [account("second"), account("third")];
    asked[1]?.resolve(second);
    await warm.filled();
    asked[2]?.resolve(third);
    assert.equal(await first, third);
    assert.equal(await warm.take(), second);
    assert.deepEqual(failures, ["no uid is free"]);
  });

  test("is there although one that was begun before it fails after it was made", async () => {
    const { asked, warm, account } = users();
    warm.refill();
    const first = warm.take();
    warm.refill();
    asked[1]?.resolve(account("second"));
    await warm.filled();
    asked[0]?.reject(new Error("the disk was full"));
    await setImmediate(); // Whoever took the first has heard of it, and asks for another.
    asked[2]?.resolve(account("third"));
    await first;
    assert.equal(await warm.failure(), null);
  });

  test("is tried again by whoever asks why there is none, after 5 s and then more, until there is one", async (t) => {
    t.mock.method(performance, "now", () => now);
    let now = 0;
    const { asked, failures, warm, account } = users();
    assert.equal(await warm.failure(), null);
    warm.refill();
    const why = (user: string) => new HelperRefusedError("create-failed", `The account ${user} cannot be made.`);
    asked[0]?.reject(why("first"));
    await warm.filled();
    now = 4_999;
    const early = warm.failure();
    assert.equal(asked.length, 1);
    assert.deepEqual(await early, why("first"));
    now = 5_000;
    const again = warm.failure();
    asked[1]?.reject(why("second"));
    assert.deepEqual(await again, why("second"));
    now = 14_999;
    assert.deepEqual(await warm.failure(), why("second"));
    now = 15_000;
    const asking = warm.failure();
    asked[2]?.resolve(account("user"));
    assert.equal(await asking, null);
    assert.deepEqual(failures, ["The account first cannot be made."]);
  });

  test("is told of again when it fails by something else", async (t) => {
    t.mock.method(performance, "now", () => now);
    let now = 0;
    const { asked, failures, warm } = users();
    warm.refill();
    asked[0]?.reject(new HelperRefusedError("create-failed", "no account"));
    await warm.filled();
    now = 5_000;
    const again = warm.failure();
    asked[1]?.reject(new HelperRefusedError("journal-unwritable", "no journal"));
    await again;
    assert.deepEqual(failures, ["no account", "no journal"]);
  });

  test("is not waited for by whoever closes when it is long in the making", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { asked, failures, warm } = users();
    warm.refill();
    const closed = warm.close();
    t.mock.timers.tick(5_000);
    await closed;
    asked[0]?.reject(new Error("the connection is closed"));
    await warm.filled();
    assert.deepEqual(failures, []);
  });

  test("is told when it is there, to whoever could not have one before", async () => {
    const { asked, made, warm, account } = users();
    warm.refill();
    assert.deepEqual(made, []);
    asked[0]?.resolve(account("first"));
    await warm.filled();
    assert.deepEqual(made, ["made"]);
  });
});
