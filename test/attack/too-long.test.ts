/** Arguments, environments and names at the bounds of the protocol and of the kernel. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { limits } from "../../shared/protocol/limits.ts";
import type { Answers } from "../../shared/protocol/messages.ts";
import { type Client, path, rejectsWith } from "../helper/client.ts";
import { shareUser } from "../helper/fixture.ts";
import { toolOutput } from "../helper/machine.ts";
import type { RealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";

const half = "x".repeat(limits.stringBytes);
const env = { PATH: path };
/** argv of exactly so many bytes, as the protocol counts them, together with `env`. */
function argvOf(bytes: number): string[] {
  const argv = ["/bin/sh", "-c", "exit 3", half, half];
  const rest = [...argv, ...Object.entries(env).flat()].reduce((left, text) => left - text.length - 2, bytes);
  return [...argv, "x".repeat(rest - 2)];
}

suite("A request at the limits", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let client: Client;
  let user: Answers["createUser"];
  shareUser((seat) => {
    ({ helper, client, user } = seat);
  });

  test("runs with as many bytes, and as many strings, as the protocol allows", async () => {
    assert.equal((await client.run(user.user, argvOf(limits.argvEnvBytes))).exited.code, 3);
    const many = ["/bin/sh", "-c", "exit $#", "x", ...Array(4092).fill("")];
    assert.equal((await client.run(user.user, many)).exited.code, 4092 % 256);
    const variables = Object.fromEntries(Array.from({ length: 4095 }, (_, index) => [`V${index}`, ""]));
    const { output } = await client.run(user.user, ["/usr/bin/env"], { env: { ...env, ...variables } });
    assert.equal(output.match(/^V\d+=$/gm)?.length, 4095);
  });

  test("within them, but not within the kernel's, is refused or fails, and the connection goes on", async (t) => {
    const stack = (limit: string): string =>
      toolOutput("/usr/bin/prlimit", "--pid", `${helper.process.pid}`, `--stack=${limit}`);
    t.after(() => stack("8388608:unlimited"));
    stack("524288:unlimited"); // Linux allows a quarter of it, 128 KiB.
    await rejectsWith(
      client.request("spawn", { user: user.user, argv: argvOf(limits.argvEnvBytes), env }),
      "spawn-failed",
    );
    const long = { ...env, A: half.slice(9000), B: half };
    const { exited } = await client.run(user.user, ["/bin/true"], { env: long });
    assert.equal(exited.code, 126);
    assert.equal((await client.run(user.user, ["/bin/echo", "on"])).output, "on\n");
  });

  for (const [what, argv, more] of [
    ["a program whose name is too long", [`/${"x".repeat(300)}`], {}],
    ["a program whose path is too long", [`/${"x/".repeat(40_000)}`], {}],
    ["a name of 96 KiB to look for", ["x".repeat(limits.stringBytes)], {}],
    ["a directory whose name is too long", ["/bin/true"], { cwd: `/${"x".repeat(1023)}` }],
    ["a directory of 512 levels", ["/bin/true"], { cwd: "/x".repeat(512) }],
  ] satisfies [string, string[], { cwd?: string }][]) {
    test(`for ${what} starts nothing, with neither code nor signal`, async () => {
      const { exited, output } = await client.run(user.user, argv, more);
      assert.deepEqual([exited.code, exited.signal, output], [null, null, ""]);
    });
  }

  test("for a program behind a PATH of 96 KiB finds it", async () => {
    const PATH = `${"/nosuch:".repeat(limits.stringBytes / 8 - 1)}/bin`;
    assert.equal((await client.run(user.user, ["sh", "-c", "exit 3"], { env: { PATH } })).exited.code, 3);
  });
});
