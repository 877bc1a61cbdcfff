import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { openDirectory, type Ran, runTask, type Story } from "./run-task.ts";

const script = "#!/bin/bash\necho downloaded\n";
const sha256 = createHash("sha256").update(script).digest("hex");
const wrong = "0".repeat(64);
const maxBytes = 100 * 1024 * 1024;

const requests = new Map<string, number>();
const answers: Readonly<Record<string, (response: ServerResponse, count: number) => void>> = {
  "/script.sh": (response) => response.end(script),
  "/named": (response) => response.setHeader("content-disposition", 'attachment; filename="named.sh"').end(script),
  "/evil": (response) => response.setHeader("content-disposition", 'attachment; filename="../../evil.sh"').end(script),
  "/gone": (response) => response.writeHead(410).end(),
  "/forbidden": (response) => response.writeHead(403).end("no"),
  "/once": (response, count) => (count === 1 ? response.writeHead(503).end() : response.end(script)),
  "/broken": (response) => response.writeHead(500).end(),
  "/redirect": (response) => response.writeHead(302, { location: "/script.sh" }).end(),
  "/circle": (response) => response.writeHead(302, { location: "/circle" }).end(),
  "/file": (response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
  "/huge": (response) => response.writeHead(200, { "content-length": maxBytes + 1 }).write("#!/bin/bash\n"),
};
const server = createServer((request, response) => {
  const path = request.url?.replace(/\?.*/, "") ?? "";
  const count = (requests.get(path) ?? 0) + 1;
  requests.set(path, count);
  const answer = answers[path];
  if (answer) answer(response, count);
  else response.writeHead(404).end();
});

const links = {
  plain: { link: "/script.sh" },
  checked: { link: "/script.sh", sha256 },
  named: { link: "/named", command: ["./named.sh"] },
  evil: { link: "/evil", command: ["./evil.sh"] },
  redirect: { link: "/redirect" },
  once: { link: "/once" },
  missing: { link: "/missing.sh" },
  gone: { link: "/gone" },
  forbidden: { link: "/forbidden?token=secret" },
  wrongHash: { link: "/script.sh", sha256: wrong },
  huge: { link: "/huge" },
  circle: { link: "/circle" },
  toFile: { link: "/file" },
  scheme: { link: "ftp://127.0.0.1/script.sh" },
  broken: { link: "/broken" },
  unreachable: { link: "http://127.0.0.1:1023/script.sh" },
} as const;
type Name = keyof typeof links;

describe("the script of a task comes by link", { skip: needsRoot }, () => {
  const directory = openDirectory();
  let origin = "";
  let running: Promise<Ran> | undefined;

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address === "object" && address) origin = `http://127.0.0.1:${address.port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function story(name: Name): Promise<Story> {
    running ??= runTask(
      Object.values(links).map((payload) => ({
        ...payload,
        link: payload.link.startsWith("/") ? origin + payload.link : payload.link,
      })),
      {},
      directory,
    );
    const found = (await running).tasks[Object.keys(links).indexOf(name)];
    if (!found) throw new Error(`there is no story ${name}`);
    return found;
  }

  const fine: readonly (readonly [Name, string])[] = [
    ["plain", "it runs"],
    ["checked", "with the right sha256 it runs"],
    ["named", "it gets the name that the server gives"],
    ["evil", "a name that leads out of the home is cut to its last part"],
    ["redirect", "a redirect is followed"],
    ["once", "a server that fails once is asked again"],
  ];
  for (const [name, what] of fine) {
    test(what, async () => {
      const task = await story(name);
      assert.equal(task.resolution, "completed/completed");
      assert.equal(`${task.output()}`, "downloaded\n");
    });
  }

  const refused: readonly (readonly [Name, string, RegExp])[] = [
    ["missing", "404", /missing\.sh cannot be downloaded: it answers 404\.$/],
    ["gone", "410", /\/gone cannot be downloaded: it answers 410\.$/],
    ["forbidden", "403, with the query masked", /\/forbidden\?token=\*\*\* cannot be downloaded: it answers 403\.$/],
    ["wrongHash", "a wrong sha256", new RegExp(`script\\.sh cannot be used: its sha256 is ${sha256}, but .*${wrong}`)],
    ["huge", "a file that is too large", /\/huge cannot be used: it is larger than \d+ bytes\.$/],
    ["circle", "too many redirects", /\/circle cannot be downloaded: it redirects more than 5 times\.$/],
    ["toFile", "a redirect to another scheme", /"file:\/\/\/etc\/passwd" begins with 'file:'/],
    ["scheme", "another scheme", /task\.payload\.link/],
  ];
  for (const [name, what, verdict] of refused) {
    test(`${what} is a malformed payload, and the log names address and cause`, async () => {
      const task = await story(name);
      assert.equal(task.resolution, "exception/malformed-payload");
      assert.match(task.verdict, verdict);
    });
  }

  const unavailable: readonly (readonly [Name, string, RegExp])[] = [
    [
      "broken",
      "a server that fails every time",
      /\/broken could not be downloaded: it answers 500, after 5 attempts\.$/,
    ],
    ["unreachable", "nobody there", /:1023\/script\.sh could not be downloaded: .*ECONNREFUSED.*, after 5 attempts\.$/],
  ];
  for (const [name, what, verdict] of unavailable) {
    test(`${what} is resource-unavailable, after several attempts that the log shows`, async () => {
      const task = await story(name);
      assert.equal(task.resolution, "exception/resource-unavailable");
      assert.match(task.verdict, verdict);
      assert.equal(task.log.match(/could not be downloaded yet: .* Next attempt in [\d.]+ s/g)?.length, 4);
    });
  }

  test("what cannot be mended by another attempt is asked for once", async () => {
    await story("missing");
    for (const path of ["/missing.sh", "/gone", "/forbidden", "/huge"]) assert.equal(requests.get(path), 1, path);
    assert.equal(requests.get("/circle"), 6);
  });
});
