import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { suite, test } from "node:test";
import { limits, PROTOCOL } from "../../shared/protocol/limits.ts";
import { needsRoot } from "../root.ts";
import { attachWith, Client, rejectsWith } from "./client.ts";
import { useHelper } from "./fixture.ts";
import { accountOf, toolOutput } from "./machine.ts";
import { within } from "./wait.ts";

const connectLines =
  "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un($ARGV[0])) or print $!;";

suite("The helper's socket", { skip: needsRoot }, () => {
  const fixture = useHelper();
  const open = (): Promise<Client> => Client.open(fixture.helper.socketPath);

  function residentKiB(): number {
    const status = readFileSync(`/proc/${fixture.helper.process.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  }

  /** What a process of another account says that tries to connect; nothing when it can. */
  function connectAs(uid: number, gid: number): string {
    const options = { uid, gid, cwd: "/", env: {}, encoding: "utf8" } as const;
    return spawnSync("/usr/bin/perl", ["-e", connectLines, fixture.helper.socketPath], options).stdout;
  }

  test("answers hello with its version, its limits and what it holds", async (t) => {
    const client = await open();
    t.after(() => client.close());
    const { helperVersion, ...hello } = await client.request("hello", { protocol: PROTOCOL });
    assert.match(helperVersion, /^\d+\.\d+\.\d+$/);
    const { frameBytes, argvEnvBytes, stringBytes } = limits;
    const bounds = { maxUsers: 24, maxGraphical: 0, frameBytes, argvEnvBytes, stringBytes };
    assert.deepEqual(hello, { protocol: PROTOCOL, limits: bounds, live: 0, resting: [], quarantined: 0 });
  });

  test("refuses another protocol version, and hello can be said again", async (t) => {
    const client = await open();
    t.after(() => client.close());
    await rejectsWith(client.request("hello", { protocol: PROTOCOL + 1 }), "protocol-version");
    assert.equal((await client.request("hello", { protocol: PROTOCOL })).protocol, PROTOCOL);
  });

  test("refuses every request before hello", async () => {
    for (const type of ["createUser", "ticket"] as const) {
      const client = await open();
      await rejectsWith(client.request(type, {}), "not-now");
    }
  });

  test("is busy for a second control connection, and goes on with the first", async (t) => {
    const first = await fixture.client(t);
    const second = await open();
    await rejectsWith(second.request("hello", { protocol: PROTOCOL }), "busy");
    assert.ok((await first.request("ticket", {})).ticket);
  });

  for (const [what, bytes, code] of [
    ["that is no JSON", "hello", "frame-malformed"],
    ["that is empty", "", "frame-malformed"],
    ["with a duplicate key", '{"type":"hello","data":{"id":1,"id":2,"protocol":1}}', "frame-malformed"],
    ["with a duplicate type", '{"type":"ticket","type":"hello","data":{"id":1,"protocol":1}}', "frame-malformed"],
    ["with a space", '{"type":"hello", "data":{"id":1,"protocol":1}}', "frame-malformed"],
    ["with a newline at its end", '{"type":"hello","data":{"id":1,"protocol":1}}\n', "frame-malformed"],
    ["with a number in another form", '{"type":"hello","data":{"id":1e0,"protocol":1}}', "frame-malformed"],
    ["with a minus zero", '{"type":"hello","data":{"id":-0,"protocol":1}}', "frame-malformed"],
    ["with a needless escape", '{"type":"hell\\u006f","data":{"id":1,"protocol":1}}', "frame-malformed"],
    ["with a byte order mark", '\ufeff{"type":"hello","data":{"id":1,"protocol":1}}', "frame-malformed"],
    ["with its keys in another order", '{"data":{"id":1,"protocol":1},"type":"hello"}', "message-invalid"],
    ["with another key", '{"type":"hello","data":{"id":1,"protocol":1},"uid":0}', "message-invalid"],
    ["with __proto__ in it", '{"type":"hello","data":{"id":1,"protocol":1,"__proto__":{"uid":0}}}', "message-invalid"],
    [
      "with __proto__ beside its data",
      '{"type":"hello","data":{"id":1,"protocol":1},"__proto__":{}}',
      "message-invalid",
    ],
    ["of a type that is no string", '{"type":["hello"],"data":{"id":1,"protocol":1}}', "message-invalid"],
    ["of an unknown type", '{"type":"status","data":{"id":1}}', "message-invalid"],
    ["with the id 0", '{"type":"hello","data":{"id":0,"protocol":1}}', "message-invalid"],
    ["with the id 1.5", '{"type":"hello","data":{"id":1.5,"protocol":1}}', "message-invalid"],
    ["with an id in quotes", '{"type":"hello","data":{"id":"1","protocol":1}}', "message-invalid"],
    ["without an id", '{"type":"hello","data":{"protocol":1}}', "message-invalid"],
    [
      "with an id beyond what is exact",
      '{"type":"hello","data":{"id":281474976710657,"protocol":1}}',
      "message-invalid",
    ],
    ["that is a list", '["hello",{"id":1,"protocol":1}]', "message-invalid"],
    ["that is null", "null", "message-invalid"],
  ] satisfies [string, string, string][]) {
    test(`ends a connection for a frame ${what}`, async () => {
      const client = await open();
      client.send(`${bytes}\f`);
      assert.equal((await within(client.ended, "the end"))?.code, code);
    });
  }

  test("ends a connection for bytes that are no UTF-8", async () => {
    const client = await open();
    client.send(
      Buffer.concat([
        Buffer.from('{"type":"hello","data":{"id":1,"protocol":1,"x":"'),
        Buffer.of(0xc3, 0x28),
        Buffer.from('"}}\f'),
      ]),
    );
    assert.equal((await within(client.ended, "the end"))?.code, "frame-malformed");
  });

  test("ends a connection for a frame that is nested 200,000 levels deep", async () => {
    const client = await open();
    client.send(`${"[".repeat(200_000)}${"]".repeat(200_000)}\f`);
    const code = (await within(client.ended, "the end"))?.code ?? "";
    assert.ok(["frame-malformed", "message-invalid"].includes(code), code);
  });

  test("ends a connection that sends a frame larger than the limit, and does not take the rest into memory", async () => {
    const tooLarge = (): number => fixture.helper.audit().filter(({ code }) => code === "frame-too-large").length;
    const [before, said] = [residentKiB(), tooLarge()];
    const clients = await Promise.all(Array.from({ length: 6 }, open));
    const chunk = Buffer.alloc(256 * 1024, "x");
    await Promise.all(
      clients.map(async (client) => {
        let over = false;
        void client.ended.then(() => {
          over = true;
        });
        for (let sent = 0; sent < 32 * 1024 * 1024 && !over; sent += chunk.length) {
          if (!client.socket.write(chunk))
            await Promise.race([once(client.socket, "drain").catch(() => {}), client.ended]);
        }
        // The last word can be lost: the kernel resets a connection that is closed with unread bytes in it.
        assert.match((await within(client.ended, "the end"))?.code ?? "reset", /^(frame-too-large|reset)$/);
        assert.ok(client.socket.bytesWritten < 8 * 1024 * 1024, `${client.socket.bytesWritten} bytes were taken`);
      }),
    );
    assert.ok(residentKiB() - before < 48 * 1024, `${residentKiB() - before} KiB more`);
    assert.equal(tooLarge() - said, clients.length);
  });

  test("takes a frame in single bytes", async (t) => {
    const client = await open();
    t.after(() => client.close());
    client.socket.setNoDelay(true);
    for (const byte of Buffer.from(`{"type":"hello","data":{"id":1,"protocol":${PROTOCOL}}}\f`)) {
      await new Promise((resolve) => client.socket.write(Uint8Array.of(byte), resolve));
    }
    assert.equal((await client.reply("hello", 1)).protocol, PROTOCOL);
  });

  test("ends a control connection whose frame does not end in time, and its own time is bounded", async (t) => {
    const client = await fixture.client(t);
    const begun = performance.now();
    client.send('{"type":"ticket"');
    assert.equal((await within(client.ended, "the end"))?.code, "frame-timeout");
    assert.ok(performance.now() - begun >= limits.frameMs - 100);
  });

  test("takes eight silent connections, refuses more, and ends them after their time", async (t) => {
    const silent = await Promise.all(Array.from({ length: limits.silentConnections }, open));
    const begun = performance.now();
    const more = await open();
    more.frame("hello", { id: 1, protocol: PROTOCOL });
    assert.equal(await within(more.ended, "the end of the ninth"), undefined);
    assert.ok(performance.now() - begun < 2000);
    await Promise.all(silent.map(({ ended }) => within(ended, "the end of a silent connection")));
    assert.ok(performance.now() - begun < limits.idleConnectionMs + 3000);
    // An agent sees the end of a connection a moment before the helper has counted it: the second try must be heard.
    const heard = await fixture.client(t).catch(() => fixture.client(t));
    assert.ok(heard.messages.length > 0, "a new one is heard again");
  });

  test("gives an account outside the agent's group no way in", () => {
    assert.equal(connectAs(64_000, 64_000), "Permission denied");
    assert.equal(
      connectAs(fixture.helper.slice.firstUid + 24, fixture.helper.slice.firstUid + 24),
      "Permission denied",
    );
  });

  test("lets the agent's group in, whatever the uid", () => {
    const group = Number(toolOutput("/usr/bin/getent", "group", "_tcworker").split(":")[2]);
    assert.equal(accountOf("group", group)?.split(":")[0], "_tcworker");
    assert.equal(connectAs(64_000, group), "");
  });

  test("lies in a directory of root and that group alone, and its path fits into every system's limit", () => {
    const { socketDir, socket } = fixture.helper.places;
    const group = Number(toolOutput("/usr/bin/getent", "group", "_tcworker").split(":")[2]);
    const [directory, file] = [statSync(socketDir), statSync(socket)];
    assert.deepEqual([directory.uid, directory.gid, directory.mode & 0o7777], [0, group, 0o750]);
    assert.deepEqual([file.uid, file.gid, file.mode & 0o7777], [0, group, 0o660]);
    assert.ok(Buffer.byteLength(socket) < 104);
  });

  test("takes no ticket without a control connection", async () => {
    await rejectsWith(attachWith(fixture.helper.socketPath, "0".repeat(32)), "unknown-id");
  });
});
