import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import type { ShellCommand } from "../../agent/engine/engine.ts";
import { type PublishedShells, type ShellServer, startShellServer } from "../../agent/http/shell-server.ts";
import { TaskShells } from "../../agent/interactive/task-shells.ts";
import { FakeShell } from "../interactive/fake-shell.ts";
import { until } from "../interactive/until.ts";

interface Served {
  readonly server: ShellServer;
  readonly shells: TaskShells;
  readonly published: PublishedShells;
  readonly opened: { readonly command: ShellCommand; readonly shell: FakeShell }[];
  readonly log: string[];
}

async function serve(t: TestContext): Promise<Served> {
  const server = await startShellServer({ publicIP: "", interactivePort: 0 });
  const opened: Served["opened"] = [];
  const log: string[] = [];
  const openShell = async (command: ShellCommand) => {
    const shell = new FakeShell();
    opened.push({ command, shell });
    return shell;
  };
  const shells = new TaskShells({ openShell }, (line) => log.push(line));
  t.after(async () => {
    await shells.close();
    await server.close();
  });
  return { server, shells, opened, log, published: server.publish(shells) };
}

/** The answer to a request for a WebSocket that gets none. */
async function refusal(url: string): Promise<string> {
  const asked = request(url.replace(/^ws/, "http"), {
    agent: false,
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  }).end();
  const [response]: IncomingMessage[] = await once(asked, "response");
  let text = "";
  for await (const chunk of response ?? []) text += chunk;
  return `${response?.statusCode} ${text.trim()}`;
}

async function connect(url: string): Promise<WebSocket> {
  const client = new WebSocket(url.replace(/^http/, "ws"));
  client.on("error", () => undefined);
  await once(client, "open");
  return client;
}

test("the shells of a task are at an unguessable address on loopback", async (t) => {
  const { server, shells, published } = await serve(t);
  assert.match(published.url, /^http:\/\/127\.0\.0\.1:\d+\/shell\/[A-Za-z0-9_-]{32}$/);
  assert.equal(published.streamUrl, `${published.url.replace("http", "ws")}/taskcluster-worker`);
  assert.notEqual(server.publish(shells).url, published.url);
});

test("whoever does not know the secret is refused, and nothing is opened", async (t) => {
  const { published, opened } = await serve(t);
  const wrong = [published.url.replace(/.$/, (last) => (last === "A" ? "B" : "A")), `${published.url}x`, "http:"];
  const { origin } = new URL(published.url);
  for (const url of [...wrong.slice(0, 2), `${origin}/shell/`, `${origin}/`, `${published.url}/other`]) {
    assert.equal(await refusal(url), "401 Access denied", url);
  }
  const page = await fetch(wrong[0] ?? "");
  assert.deepEqual([page.status, await page.text()], [401, "Access denied\n"]);
  assert.deepEqual(opened, []);
});

test("generic-worker's address opens bash with a terminal, taskcluster-worker's what its query says", async (t) => {
  const { published, opened, log } = await serve(t);
  const { url, streamUrl } = published;
  const queries = ["", "?tty=true", "?command=sh&command=-c&command=a%20b&tty=false"];
  for (const address of [url, ...queries.map((query) => `${streamUrl}${query}`)]) await connect(address);
  await until("four shells", () => opened.length === 4);
  const bash = ["/bin/bash"];
  assert.deepEqual(
    opened.map(({ command }) => command),
    [
      { argv: bash, terminal: true },
      { argv: bash, terminal: false },
      { argv: bash, terminal: true },
      { argv: ["sh", "-c", "a b"], terminal: false },
    ],
  );
  assert.equal(log[0], "Interactive shell 1 is used from 127.0.0.1");
});

test("a task has ten shells at most, and one more when one has ended", async (t) => {
  const { published, opened, log } = await serve(t);
  for (let n = 0; n < 10; n += 1) await connect(published.url);
  assert.match(await refusal(published.url), /^503 /);
  await until("ten shells", () => opened.length === 10);
  opened[3]?.shell.exit(0);
  await until("the end of one", () => log.includes("Interactive shell 4 has ended: exit 0"));
  await connect(published.url);
});

test("all tasks together have sixty shells at most", async (t) => {
  const { server, published } = await serve(t);
  for (let task = 0; task < 6; task += 1) {
    const shells = new TaskShells({ openShell: async () => new FakeShell() }, () => undefined);
    t.after(() => shells.close());
    const { url } = server.publish(shells);
    await Promise.all(Array.from({ length: 10 }, () => connect(url)));
  }
  assert.match(await refusal(published.url), /^503 /);
});

test("when the commands have ended no shell is opened, and those there are may go on until they are closed", async (t) => {
  const { published, shells, opened } = await serve(t);
  const client = await connect(published.url);
  await until("a shell", () => opened.length === 1);
  let ended = false;
  const waiting = shells.ended().then(() => {
    ended = true;
  });
  assert.equal(await refusal(published.url), "410 The task has ended");
  assert.equal(ended, false);
  await Promise.all([shells.close(), once(client, "close")]);
  await waiting;
  published.remove();
  assert.equal(await refusal(published.url), "401 Access denied");
});

test("a message that is too large ends its connection alone", async (t) => {
  const { published, opened } = await serve(t);
  const [flooder, other] = [await connect(published.url), await connect(published.url)];
  flooder.send(Buffer.alloc(1024 * 1024 + 1, 1));
  assert.equal((await once(flooder, "close"))[0], 1009);
  other.send(Buffer.from("\x01still here"));
  await until("the other's input", () => opened[1]?.shell.taken.length === 10);
});

test("the page brings all that it needs, and its address is told to nobody", async (t) => {
  const { published } = await serve(t);
  const page = await fetch(published.url);
  const { headers } = page;
  assert.deepEqual([page.status, headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  assert.deepEqual([headers.get("referrer-policy"), headers.get("cache-control")], ["no-referrer", "no-store"]);
  assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none'; script-src 'self';/);
  const named = [...(await page.text()).matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, path = ""]) => path);
  assert.equal(named.length, 4);
  for (const path of named) {
    const part = await fetch(new URL(path, published.url));
    assert.equal(part.status, 200, path);
    assert.match(part.headers.get("content-type") ?? "", path.endsWith(".css") ? /^text\/css/ : /^text\/javascript/);
  }
});

test("a port that is taken is said in one sentence", async (t) => {
  const { published } = await serve(t);
  const interactivePort = Number(new URL(published.url).port);
  await assert.rejects(startShellServer({ publicIP: "", interactivePort }), (error: Error) => {
    assert.match(
      error.message,
      /^The HTTP server cannot listen on 127\.0\.0\.1 port \d+: .*EADDRINUSE.*interactivePort/,
    );
    return true;
  });
});

test("the end of the server ends every connection", async (t) => {
  const { server, published, opened, log } = await serve(t);
  const client = await connect(published.url);
  await until("a shell", () => opened.length === 1);
  await Promise.all([server.close(), once(client, "close")]);
  await until("the end of the shell", () => log.includes("Interactive shell 1 has ended: ended by the worker"));
});
