import assert from "node:assert/strict";
import { describe, test } from "node:test";
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
  const warm = new WarmUser(create, { failed: (message) => failures.push(message), made: () => made.push("made") });
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

  test("is tried again by whoever asks why there is none, who hears of the failure until there is one", async () => {
    const { asked, failures, warm, account } = users();
    assert.equal(await warm.failure(), null);
    warm.refill();
    const why = "the journal cannot be written";
    asked[0]?.reject(new Error(why));
    await warm.filled();
    const again = warm.failure();
    asked[1]?.reject(new Error(why));
    assert.deepEqual(await again, new Error(why));
    const asking = warm.failure();
    asked[2]?.resolve(account("user"));
    assert.equal(await asking, null);
    assert.deepEqual(failures, [why]);
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
