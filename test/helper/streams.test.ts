import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { needsRoot } from "../root.ts";
import { type Client, path } from "./client.ts";
import { shareUser } from "./fixture.ts";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];

suite("A command's standard streams", { skip: needsRoot }, () => {
  let client: Client;
  let user: Answers["createUser"];
  shareUser((seat) => {
    ({ client, user } = seat);
  });

  test("keep the lines printed before `kill 0`", async () => {
    const { exited, output } = await client.run(user.user, bash("seq 1 20000; kill 0; sleep 60"));
    assert.ok(output.endsWith("\n20000\n"));
    assert.equal(exited.code, 143);
  });

  test("go through a relay that no signal to a whole group ends", { skip: process.platform === "darwin" }, async () => {
    const relays = "cd /proc; for p in [0-9]*; do [[ -O $p && $(<$p/comm) == cat ]] && echo $p; done 2>/dev/null";
    // The relay may be a shell still that is about to become cat.
    const lines = `until all=$(${relays}); [[ $all ]]; do :; done; kill $all; echo "$?, and still here"`;
    const { output } = await client.run(user.user, bash(lines));
    assert.equal(output, "0, and still here\n");
  });

  test("do not make it wait for more than its background jobs", async () => {
    const { output } = await client.run(user.user, bash("sleep 0.05 & (exit 7) & wait; echo waited"));
    assert.equal(output, "waited\n");
  });

  test("can be opened as /dev/stdout and /dev/stderr, and both arrive in order", async () => {
    const { output } = await client.run(
      user.user,
      bash("echo a >/dev/stdout; echo b >/dev/stderr; echo c >&2; echo d | tee /dev/stderr"),
    );
    assert.equal(output, "a\nb\nc\nd\nd\n");
  });

  test("are an empty input when none was attached", async () => {
    const { output } = await client.run(user.user, bash("wc -c; readlink /proc/self/fd/0"));
    assert.equal(output, "0\n/dev/null\n");
  });

  test("lose no byte of 10 MB of input, sent after spawn's answer", async () => {
    const [stdin, output] = [await client.attach(), await client.attach()];
    const payload = Buffer.alloc(10 * 1024 * 1024, "0123456789abcde");
    const { process } = await client.request("spawn", {
      ...{ user: user.user, argv: ["sha256sum"], env: { PATH: path } },
      ...{ stdin: stdin.ticket, output: output.ticket },
    });
    stdin.socket.end(payload);
    await client.exited(process);
    assert.equal((await output.all).toString(), `${sha256(payload)}  -\n`);
  });

  test("lose no byte of 50 MB of output", async () => {
    const lines = 6_700_000;
    const { exited, output } = await client.run(
      user.user,
      bash(`seq 1 ${lines} | tee >(sha256sum >sum); sleep 0.1; cat sum`),
    );
    const at = output.lastIndexOf("\n", output.length - 2) + 1;
    assert.ok(output.length > 50_000_000);
    assert.equal(`${sha256(Buffer.from(output.slice(0, at)))}  -\n`, output.slice(at));
    assert.equal(exited.code, 0);
  });

  test("do not hold it up when nobody reads them any more", async () => {
    const output = await client.attach();
    const { process } = await client.request("spawn", {
      user: user.user,
      argv: bash("seq 1 100000; echo kept >mark"),
      env: { PATH: path },
      output: output.ticket,
    });
    output.socket.destroy();
    const exited = await client.exited(process);
    assert.equal(exited.signal, null);
  });
});
