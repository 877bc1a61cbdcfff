/** Another process of the agent's group takes the control connection as soon as the agent has gone, or tries before. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { PROTOCOL } from "../../shared/protocol/limits.ts";
import type { Answers } from "../../shared/protocol/messages.ts";
import { attachWith, Client, rejectsWith } from "../helper/client.ts";
import { useHelper } from "../helper/fixture.ts";
import { accountOf, processesOf } from "../helper/machine.ts";
import { eventually, within } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";
import { rounds } from "./rounds.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("A sibling that takes over the control connection", { skip: needsRoot }, () => {
  const fixture = useHelper({ maxUsers: 2 });

  /** An agent with a task that runs, and a sibling that is connected in its place right after it has gone. */
  async function stolen(t: Parameters<typeof fixture.client>[0]) {
    const { client: agent, user } = await fixture.clientWithUser(t);
    const task = await agent.start(user.user, bash("echo up; exec sleep 300"));
    const { ticket } = await agent.request("ticket", {});
    const data = await agent.attach();
    agent.socket.destroy();
    await agent.ended;
    return { user, task, ticket, data, thief: await fixture.client(t) };
  }

  test("can neither use nor end the users, processes, tickets and data connections of the agent before it", async (t) => {
    for (const attempt of ["spawn", "killUser", "deleteUser"] as const) {
      const { user, thief } = await stolen(t);
      const command = attempt === "spawn" ? { argv: ["/bin/true"], env: {} } : {};
      thief.frame(attempt, { id: 9, user: user.user, ...command });
      assert.equal((await within(thief.ended, "the end"))?.code, "unknown-id", attempt);
      await fixture.helper.idle();
    }
    const { task, ticket, data, thief } = await stolen(t);
    thief.frame("signal", { id: 9, process: task.process, signal: "SIGSTOP" });
    assert.deepEqual(await thief.reply("signal", 9), { delivered: false });
    await rejectsWith(attachWith(fixture.helper.socketPath, ticket), "unknown-id");
    assert.equal((await within(data.all, "the end of the waiting data connection")).length, 0);
    const { user: own } = await thief.request("createUser", {});
    const command = { user: own, argv: ["/bin/echo", "x"], env: {}, output: data.ticket };
    await rejectsWith(thief.request("spawn", command), "ticket-expired");
  });

  test("hears nothing of how the agent's processes end", async (t) => {
    const { user, thief } = await stolen(t);
    await eventually(() => accountOf("passwd", user.uid) === undefined, "the agent's user has gone");
    await thief.request("ticket", {});
    assert.deepEqual(
      thief.messages.filter(({ type }) => type === "exited"),
      [],
    );
    assert.deepEqual(processesOf(user.uid), []);
  });

  test("gets no user of its own beyond maxUsers while those of the agent are still being ended", async (t) => {
    const { client: agent, user } = await fixture.clientWithUser(t);
    const other = await agent.request("createUser", {});
    fixture.helper.modes("slow=300\n");
    t.after(() => fixture.helper.modes(""));
    await agent.close();
    const thief = await fixture.client(t);
    await rejectsWith(thief.request("createUser", {}), "no-free-user");
    fixture.helper.modes("");
    await eventually(() => [user, other].every(({ uid }) => accountOf("passwd", uid) === undefined), "both have gone");
    await eventually(() => fixture.helper.status().live === 0, "the seat is free");
    assert.ok((await thief.request("createUser", {})).uid > 0);
  });

  test("wins the seat or not, but there is never more than one, and what the agent had is ended all the same", async (t) => {
    for (let round = 0; round < rounds; round += 1) {
      const { client: agent, user } = await fixture.clientWithUser(t);
      const thieves = await Promise.all(Array.from({ length: 4 }, () => Client.open(fixture.helper.socketPath)));
      const answers = thieves.map((thief, index) => {
        if (index === 2) agent.socket.destroy();
        return thief.request("hello", { protocol: PROTOCOL }).catch((): Answers["hello"] | undefined => undefined);
      });
      const seats = (await Promise.all(answers)).filter((answer) => answer !== undefined);
      assert.ok(seats.length <= 1, `${seats.length} control connections`);
      await eventually(() => accountOf("passwd", user.uid) === undefined, "the agent's user has gone");
      for (const thief of thieves) await thief.close();
      await fixture.helper.idle();
    }
  });
});
