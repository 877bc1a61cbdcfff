import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { TaskError } from "../../agent/outcome.ts";
import { tinyDisk } from "../artifacts/tiny-disk.ts";
import { needsRoot } from "../root.ts";
import { type Handler, serveLinks } from "./link-server.ts";

const script = "#!/bin/sh\necho hello\n";
const sha256 = createHash("sha256").update(script).digest("hex");
const serve: Handler = (_, response) => response.end(script);
const redirectTo =
  (location: string, status = 302): Handler =>
  (_, response) =>
    response.writeHead(status, { location }).end("moved");

function taskError(kind: TaskError["kind"], message: RegExp) {
  return (error: unknown): true => {
    assert.ok(error instanceof TaskError);
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}

describe("what is downloaded", () => {
  test("a link arrives with its bytes, its name and its size", async (t) => {
    const { download } = await serveLinks(t, { "/a/test.sh": serve });
    const { path, name, bytes } = await download("/a/test.sh?x=1");
    assert.deepEqual([name, bytes, await readFile(path, "utf8")], ["test.sh", script.length, script]);
  });

  test("a right checksum is accepted in any case", async (t) => {
    const { download } = await serveLinks(t, { "/x": serve });
    assert.equal((await download("/x", { sha256: sha256.toUpperCase() })).bytes, script.length);
  });

  test("a wrong checksum is malformed-payload, names both, and leaves no file", async (t) => {
    const { download, files } = await serveLinks(t, { "/x": serve });
    const wrong = "0".repeat(64);
    await assert.rejects(
      download("/x", { sha256: wrong }),
      taskError("malformed-payload", new RegExp(`sha256 is ${sha256}.*asks for ${wrong}`)),
    );
    assert.deepEqual(await files(), []);
  });

  test("a link without a byte is malformed-payload", async (t) => {
    const { download, files } = await serveLinks(t, { "/x": (_, response) => response.end() });
    await assert.rejects(download("/x"), taskError("malformed-payload", /cannot be used: it is empty/));
    assert.deepEqual(await files(), []);
  });

  test("a disk of the worker that is full is said as the system says it, and no file is left", {
    skip: needsRoot,
  }, async (t) => {
    const toDir = await tinyDisk(t, "1m");
    const { download } = await serveLinks(t, { "/x": (_, response) => response.end(Buffer.alloc(2_000_000)) });
    await assert.rejects(download("/x", { toDir }), { code: "ENOSPC" });
    assert.deepEqual(await readdir(toDir), []);
  });

  test("a body that the server compressed is stored as it was before", async (t) => {
    const { download } = await serveLinks(t, {
      "/x": (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(script)),
    });
    assert.equal(await readFile((await download("/x")).path, "utf8"), script);
  });

  test("user and password go into a header, and not to where it redirects", async (t) => {
    const other = await serveLinks(t, { "/y": serve });
    const { download, origin, seen } = await serveLinks(t, { "/x": redirectTo(`${other.origin}/y`) });
    await download(`${origin.replace("//", "//me:s%20cret@")}/x`);
    assert.equal(seen[0]?.headers.authorization, `Basic ${Buffer.from("me:s cret").toString("base64")}`);
    assert.equal(other.seen[0]?.headers.authorization, undefined);
  });

  test("a link of 64 MB takes constant memory", async (t) => {
    const size = 64 * 1024 * 1024;
    const { download } = await serveLinks(t, {
      "/x": (_, response) => {
        const chunk = Buffer.alloc(1024 * 1024, 7);
        let left = size;
        const more = (): void => {
          while (left > 0) {
            left -= chunk.length;
            if (!response.write(chunk)) return void response.once("drain", more);
          }
          response.end();
        };
        more();
      },
    });
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    }, 5);
    const { bytes } = await download("/x");
    clearInterval(timer);
    assert.equal(bytes, size);
    assert.ok(peak < size / 2, `${peak} bytes of buffers`);
  });
});

describe("redirects", () => {
  test("five are followed, relative ones too, and each is logged", async (t) => {
    const { download, lines } = await serveLinks(t, {
      "/0": redirectTo("1", 301),
      "/1": redirectTo("/2", 302),
      "/2": redirectTo("./3", 303),
      "/3": redirectTo("/4?token=secret", 307),
      "/4": redirectTo("/5", 308),
      "/5": serve,
    });
    assert.equal((await download("/0")).name, "0");
    assert.equal(lines.length, 5);
    assert.match(lines[3] ?? "", /\/4\?token=\*\*\*$/);
  });

  test("a sixth is malformed-payload", async (t) => {
    const { download } = await serveLinks(t, { "/0": redirectTo("/0") });
    await assert.rejects(download("/0"), taskError("malformed-payload", /redirects more than 5 times/));
  });

  test("one to a file on the worker is malformed-payload", async (t) => {
    const { download } = await serveLinks(t, { "/0": redirectTo("file:///etc/passwd") });
    await assert.rejects(download("/0"), taskError("malformed-payload", /begins with 'file:'/));
  });
});

describe("what the other side does wrong", () => {
  test("4xx is malformed-payload, at once, and names the link without its secrets", async (t) => {
    const { download, origin, seen } = await serveLinks(t, {
      "/x": (_, response) => response.writeHead(403).end(),
    });
    await assert.rejects(
      download(`${origin.replace("//", "//me:secret@")}/x?sig=secret&sig=more#secret`),
      taskError("malformed-payload", /^The link http:\/\/\*\*\*@127\.0\.0\.1:\d+\/x\?sig=\*\*\* .*answers 403/),
    );
    assert.equal(seen.length, 1);
  });

  for (const status of [429, 500, 503]) {
    test(`${status} is tried again until the link is served`, async (t) => {
      const { download, lines } = await serveLinks(t, {
        "/x": (_, response, count) => (count < 3 ? response.writeHead(status).end() : response.end(script)),
      });
      assert.equal((await download("/x")).bytes, script.length);
      assert.equal(lines.length, 3);
    });
  }

  test("503 without end is resource-unavailable after the last attempt", async (t) => {
    const { download, seen } = await serveLinks(t, { "/x": (_, response) => response.writeHead(503).end() });
    await assert.rejects(download("/x"), taskError("resource-unavailable", /it answers 503, after 5 attempts/));
    assert.equal(seen.length, 5);
  });

  test("Retry-After lengthens the wait, up to a bound", async (t) => {
    const { download, lines } = await serveLinks(t, {
      "/x": (_, response, count) =>
        count === 0 ? response.writeHead(503, { "retry-after": "3600" }).end() : response.end(script),
    });
    await download("/x", { limits: { maxDelayMs: 200 } });
    assert.match(lines[0] ?? "", /Next attempt in 0\.2 s/);
  });

  test("a connection that breaks in the middle is tried again", async (t) => {
    const { download, files } = await serveLinks(t, {
      "/x": (_, response, count) => {
        if (count > 0) return response.end(script);
        response.writeHead(200, { "content-length": script.length });
        response.write(script.slice(0, 5), () => response.destroy());
        return response;
      },
    });
    assert.equal(await readFile((await download("/x")).path, "utf8"), script);
    assert.equal((await files()).length, 1);
  });

  test("a server that nobody runs is resource-unavailable", async (t) => {
    const { download } = await serveLinks(t, {});
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    assert.ok(typeof address === "object" && address);
    await assert.rejects(
      download(`http://127.0.0.1:${address.port}/x`, { limits: { attempts: 2 } }),
      taskError("resource-unavailable", /ECONNREFUSED.*after 2 attempts/),
    );
  });

  test("a server that says nothing is given up after the idle time", async (t) => {
    const { download, seen } = await serveLinks(t, { "/x": () => undefined });
    await assert.rejects(
      download("/x", { limits: { idleMs: 50, attempts: 2 } }),
      taskError("resource-unavailable", /nothing came for 0\.05 s, after 2 attempts/),
    );
    assert.equal(seen.length, 2);
  });

  test("a body that stalls is given up after the idle time", async (t) => {
    const { download, files } = await serveLinks(t, { "/x": (_, response) => void response.write("abc") });
    await assert.rejects(
      download("/x", { limits: { idleMs: 50, attempts: 1 } }),
      taskError("resource-unavailable", /nothing came for 0\.05 s/),
    );
    assert.deepEqual(await files(), []);
  });

  test("a body that drips for ever is given up after the total time", async (t) => {
    const { download } = await serveLinks(t, {
      "/x": (_, response) => {
        const timer = setInterval(() => response.write("."), 5);
        response.on("close", () => clearInterval(timer));
      },
    });
    await assert.rejects(
      download("/x", { limits: { totalMs: 200 } }),
      taskError("resource-unavailable", /longer than 0\.2 s/),
    );
  });

  test("a body that is announced too large is not begun", async (t) => {
    const { download } = await serveLinks(t, {
      "/x": (_, response) => void response.writeHead(200, { "content-length": 1001 }).flushHeaders(),
    });
    await assert.rejects(
      download("/x", { limits: { maxBytes: 1000 } }),
      taskError("malformed-payload", /larger than 1000 bytes/),
    );
  });

  test("a body that grows too large, also when it is decompressed, is malformed-payload and leaves no file", async (t) => {
    const { download, files } = await serveLinks(t, {
      "/x": (_, response) =>
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(10_000_000))),
    });
    await assert.rejects(
      download("/x", { limits: { maxBytes: 100_000 } }),
      taskError("malformed-payload", /larger than 100000 bytes/),
    );
    assert.deepEqual(await files(), []);
  });
});

describe("what the payload or the run does", () => {
  for (const [url, message] of [
    ["file:///etc/passwd", /begins with 'file:'/],
    ["data:text/plain,hello", /begins with 'data:'/],
    ["not an address?secret", /^The link "not an address" is no valid address/],
  ] as const) {
    test(`${url} is malformed-payload`, async (t) => {
      const { download } = await serveLinks(t, {});
      await assert.rejects(download(url), taskError("malformed-payload", message));
    });
  }

  test("an aborted run ends the download with the run's reason", async (t) => {
    const run = new AbortController();
    const { download, files } = await serveLinks(t, { "/x": () => run.abort(new Error("canceled")) });
    await assert.rejects(download("/x", { signal: run.signal }), { message: "canceled" });
    assert.deepEqual(await files(), []);
  });

  test("a run that is aborted between two attempts does not wait for the next", async (t) => {
    const run = new AbortController();
    const { download } = await serveLinks(t, { "/x": (_, response) => response.writeHead(503).end() });
    const limits = { delayMs: () => 3_600_000, maxDelayMs: 3_600_000 };
    const log = (): void => run.abort(new Error("canceled"));
    await assert.rejects(download("/x", { signal: run.signal, limits, log }), { message: "canceled" });
  });
});
