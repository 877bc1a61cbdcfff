import assert from "node:assert/strict";
import { chmod, chown, lchown, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connectHelper } from "../../agent/engine/helper-client.ts";
import { isSocketTrusted } from "../../agent/engine/socket-chain.ts";
import { PROTOCOL } from "../../shared/protocol/limits.ts";
import { needsRoot } from "../root.ts";
import { helloResult, listenScripted, type Script } from "./scripted-helper.ts";

/** A directory that root alone can write to, as above the real socket. */
async function rootDirectory(t: TestContext): Promise<string> {
  const parent = process.platform === "darwin" ? "/private/var/db" : "/run";
  const directory = await mkdtemp(join(parent, "engine-test-"));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}
const greets: Script = { hello: ({ answer }) => answer(helloResult) };
const somebody = 65_533;

test("a socket of root in directories of root is trusted", { skip: needsRoot }, async (t) => {
  const path = join(await rootDirectory(t), "helper.sock");
  await listenScripted(t, path, greets);
  assert.equal(await isSocketTrusted(path), true);
});

test("a socket or directory that is not there yet is waited for", { skip: needsRoot }, async (t) => {
  const directory = await rootDirectory(t);
  assert.equal(await isSocketTrusted(join(directory, "helper.sock")), false);
  assert.equal(await isSocketTrusted(join(directory, "later", "helper.sock")), false);
});

test("a socket in a sticky directory is refused", async () => {
  const parent = process.platform === "darwin" ? "/private/tmp" : "/tmp";
  await assert.rejects(isSocketTrusted(`${parent}/helper.sock`), {
    code: "helper-lost",
    message: new RegExp(`directory '${parent}' is writable by others`),
  });
});

test("a directory that its group can write to is refused", { skip: needsRoot }, async (t) => {
  const directory = await rootDirectory(t);
  await chmod(directory, 0o770);
  await assert.rejects(isSocketTrusted(join(directory, "helper.sock")), /writable by others than root/);
});

test("a directory of somebody else in the middle of the path is refused", { skip: needsRoot }, async (t) => {
  const directory = await rootDirectory(t);
  await mkdir(join(directory, "run"));
  await chown(directory, somebody, 0);
  await assert.rejects(isSocketTrusted(join(directory, "run", "helper.sock")), /belongs to uid 65533, not to root/);
});

test("a link in the path is refused", { skip: needsRoot }, async (t) => {
  const directory = await rootDirectory(t);
  await symlink("/run", join(directory, "link"));
  await assert.rejects(isSocketTrusted(join(directory, "link", "helper.sock")), /link' is no directory/);
});

test("a file in place of the socket is refused", { skip: needsRoot }, async (t) => {
  const path = join(await rootDirectory(t), "helper.sock");
  await writeFile(path, "");
  await assert.rejects(isSocketTrusted(path), /is no socket/);
});

test("a socket of somebody else is refused, and nothing is said to it", { skip: needsRoot }, async (t) => {
  const path = join(await rootDirectory(t), "helper.sock");
  const sockets = await listenScripted(t, path, greets);
  await lchown(path, somebody, 0);
  await assert.rejects(connectHelper({ socketPath: path, deadlineMs: 10_000 }), /belongs to uid 65533, not to root/);
  assert.equal(sockets.length, 0);
});

test("a relative path and one that is too long are refused", async () => {
  await assert.rejects(isSocketTrusted("run/helper.sock"), /no absolute path/);
  await assert.rejects(isSocketTrusted(`/${"x".repeat(103)}`), /less than 104 bytes/);
});

test("a helper that begins to listen later is found", { skip: needsRoot }, async (t) => {
  const directory = await rootDirectory(t);
  const path = join(directory, "helper.sock");
  const connecting = connectHelper({ socketPath: path, deadlineMs: 20_000 });
  await listenScripted(t, join(directory, "other"), greets);
  await rename(join(directory, "other"), path);
  const { client, hello } = await connecting;
  client.close();
  assert.equal(hello.protocol, PROTOCOL);
});

test("a helper that is busy with its last agent is asked again", { skip: needsRoot }, async (t) => {
  const path = join(await rootDirectory(t), "helper.sock");
  let asked = 0;
  await listenScripted(t, path, {
    hello: ({ answer, say }) => {
      asked += 1;
      if (asked > 2) answer(helloResult);
      else say("fatal", { code: "busy", message: "another agent is connected" });
    },
  });
  const { client } = await connectHelper({ socketPath: path, deadlineMs: 20_000 });
  client.close();
  assert.equal(asked, 3);
});

test("a helper that does not come is given up at the deadline", { skip: needsRoot }, async (t) => {
  const path = join(await rootDirectory(t), "helper.sock");
  await assert.rejects(connectHelper({ socketPath: path, deadlineMs: 150 }), {
    code: "helper-lost",
    message: /within 0\.15 s \(its socket is not there\)/,
  });
});

test("a helper that says nothing is given up at the deadline", { skip: needsRoot }, async (t) => {
  const path = join(await rootDirectory(t), "helper.sock");
  await listenScripted(t, path, {});
  await assert.rejects(connectHelper({ socketPath: path, deadlineMs: 150 }), /did not answer 'hello'/);
});

test("a helper of another protocol is refused at once", { skip: needsRoot }, async (t) => {
  const path = join(await rootDirectory(t), "helper.sock");
  await listenScripted(t, path, { hello: ({ refuse }) => refuse("protocol-version", "this helper speaks protocol 9") });
  await assert.rejects(connectHelper({ socketPath: path, deadlineMs: 20_000 }), {
    code: "helper-lost",
    message: `this helper speaks protocol 9, this agent speaks ${PROTOCOL}: install both from one version.`,
  });
});
