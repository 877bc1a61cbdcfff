/** What root is told by files: nobody but root may have written them, and what was looked at is what is used. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { stateRoot } from "../../helper/places.ts";
import { Client } from "../helper/client.ts";
import { startRealHelper } from "../helper/real-helper.ts";
import { copyStandIn } from "../helper/stand-in.ts";
import { root } from "../imports.ts";
import { startPrivately } from "../mutations/private-machine.ts";
import { needsRoot } from "../root.ts";

/** Runs lines of TypeScript on a machine of their own and resolves to what they print. */
async function privately(lines: string): Promise<string> {
  const words = ["--input-type=module-typescript", "--eval", lines];
  const child = startPrivately(root, [process.execPath, ...words]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes: Buffer) => (text += bytes));
  await new Promise((resolve) => child.once("close", resolve));
  return text;
}

suite("What root is told by files", { skip: needsRoot }, () => {
  test("a machine's helper.json that others can write to keeps every starter from starting", async () => {
    const write = (mode: string): Promise<string> =>
      privately(`
        import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
        import { writeConfig } from "${root}/helper/slice.ts";
        mkdirSync("/etc/taskcluster-worker", { recursive: true });
        writeFileSync("/etc/taskcluster-worker/helper.json", '{"umask":"0077"}');
        chmodSync("/etc/taskcluster-worker/helper.json", ${mode});
        try {
          writeConfig("/root/config.json", 5500, "/code");
          console.log("taken");
        } catch (error) {
          console.log(String(error));
        }`);
    assert.match(await write("0o666"), /helper\.json can be written by others than root: chmod go-w/);
    assert.match(await write("0o644"), /^taken$/m);
  });

  test("a dscl that was looked at through a link is the one that runs, wherever the link leads later", async (t) => {
    const folder = mkdtempSync(`${stateRoot}/private/link-`);
    t.after(() => rmSync(folder, { recursive: true }));
    const [program, link] = [join(folder, "dscl-of-root"), join(folder, "dscl")];
    copyStandIn(program);
    chmodSync(folder, 0o755);
    symlinkSync(program, link);
    const helper = await startRealHelper({ dscl: link });
    t.after(() => helper.stop());
    const client = await Client.hello(helper.socketPath);
    unlinkSync(link);
    writeFileSync(link, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const { user } = await client.request("createUser", {});
    assert.equal((await client.request("deleteUser", { user })).state, "gone");
    await client.close();
    unlinkSync(link);
    symlinkSync(program, link);
  });
});
