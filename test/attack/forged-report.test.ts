import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { useHelper } from "../helper/fixture.ts";
import { needsRoot } from "../root.ts";

/** Takes descriptor 3 of the shell before the task (pidfd_open, pidfd_getfd), says what it likes, and kills the shell. */
const forge = `my $shell = syscall(434, getppid(), 0); my $fd = syscall(438, $shell, 3, 0); die "no descriptor" if $fd < 0;
  open my $report, ">&=", $fd; syswrite $report, shift; kill 9, getppid()`;
const nines = "9".repeat(400);

suite("About its own end, a task", { skip: needsRoot }, () => {
  const fixture = useHelper();

  for (const [what, report] of [
    ["an exit code that is none", "exit 999\n"],
    ["times that no number can hold", `exit 0\n0m1.0s 0m1.0s\n${nines}m0.0s ${nines}m${nines}.0s\n`],
    ["a report without an end", "x".repeat(90_000)],
  ] satisfies [string, string][]) {
    test(`reports ${what}: the message to the agent is still one that its schema allows`, async (t) => {
      const { client, user } = await fixture.clientWithUser(t);
      // The client checks each message, as the agent's does: one that is not allowed would end every other task too.
      const { exited } = await client.run(user.user, ["/usr/bin/perl", "-e", forge, report]);
      assert.ok(exited.code === null || exited.code <= 255, `${exited.code}`);
      assert.ok(Number.isSafeInteger(exited.userMs) && Number.isSafeInteger(exited.systemMs));
    });
  }
});
