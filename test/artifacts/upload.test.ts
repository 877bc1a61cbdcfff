import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { test } from "node:test";
import { type ArtifactFile, upload } from "../../agent/artifacts/upload.ts";
import { TaskError } from "../../agent/outcome.ts";
import { claimedRun, fewRetries } from "./claimed-run.ts";

const patience = { withinMs: 10_000, signal: new AbortController().signal };

function artifact(expires: string, content = "content"): ArtifactFile & { opened: number } {
  const made = {
    name: "public/a.txt",
    expires,
    contentType: "text/plain",
    contentEncoding: "identity" as const,
    contentLength: content.length,
    opened: 0,
    source: {
      size: content.length,
      open: async () => {
        made.opened++;
        return Readable.from([Buffer.from(content)], { objectMode: false });
      },
    },
  } satisfies ArtifactFile & { opened: number };
  return made;
}

function isTaskError(kind: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TaskError, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}

test("a storage that is busy is tried again with a fresh stream", async (t) => {
  const { task, local, stored } = await claimedRun(t);
  local.faults = { status503: { method: "putBlob", times: 2 } };
  const sent = artifact(task.task.expires);
  await upload(task, sent, fewRetries);
  assert.equal(sent.opened, 3);
  assert.equal((await stored("public/a.txt")).toString(), "content");
});

test("a PUT whose answer is lost is sent again", async (t) => {
  const { task, local, stored } = await claimedRun(t);
  local.faults = { dropResponse: { method: "putBlob", times: 1 } };
  const sent = artifact(task.task.expires);
  await upload(task, sent, fewRetries);
  assert.equal(sent.opened, 2);
  assert.equal((await stored("public/a.txt")).toString(), "content");
});

test("a storage that stays busy makes the run resource-unavailable, without the secret address", async (t) => {
  const { task, local } = await claimedRun(t);
  local.faults = { status503: { method: "putBlob", times: 100 } };
  await assert.rejects(upload(task, artifact(task.task.expires), fewRetries), (error) => {
    assert.ok(error instanceof Error && !error.message.includes("http"));
    return isTaskError(
      "resource-unavailable",
      /^Artifact public\/a\.txt could not be uploaded after 3 tries: .*503/,
    )(error);
  });
});

test("an address that has expired is replaced", async (t) => {
  const { task, stored } = await claimedRun(t);
  let asked = 0;
  const queue = {
    ...{ createArtifact: task.queue.createArtifact.bind(task.queue), isStillOurs: async () => true },
  };
  t.mock.method(task.queue, "createArtifact", async (...request: Parameters<typeof queue.createArtifact>) => {
    const { putUrl = "" } = await queue.createArtifact(...request);
    return { putUrl: asked++ === 0 ? `${putUrl}expired` : putUrl };
  });
  await upload(task, artifact(task.task.expires), fewRetries);
  assert.equal(asked, 2);
  assert.equal((await stored("public/a.txt")).toString(), "content");
});

test("another artifact of the same name is the author's mistake", async (t) => {
  const { task } = await claimedRun(t);
  const { expires } = task.task;
  await task.queue.createArtifact("public/a.txt", { storageType: "s3", expires, contentType: "image/png" }, patience);
  await assert.rejects(
    upload(task, artifact(expires), fewRetries),
    isTaskError("malformed-payload", /^There was a conflict uploading artifact public\/a\.txt/),
  );
});

test("the same artifact twice is no conflict", async (t) => {
  const { task, stored } = await claimedRun(t);
  await upload(task, artifact(task.task.expires, "first"), fewRetries);
  await upload(task, artifact(task.task.expires, "second"), fewRetries);
  assert.equal((await stored("public/a.txt")).toString(), "second");
});

test("any other refusal of the queue is the worker's fault", async (t) => {
  const { task } = await claimedRun(t);
  await assert.rejects(
    upload(task, artifact("2000-01-01T00:00:00.000Z"), fewRetries),
    isTaskError("internal-error", /^The queue refused artifact public\/a\.txt \(400\)/),
  );
});

test("a refusal because the task is over names that as the cause", async (t) => {
  const { task, cancel } = await claimedRun(t);
  await cancel();
  await assert.rejects(
    upload(task, artifact("2000-01-01T00:00:00.000Z"), fewRetries),
    isTaskError("canceled", /canceled/),
  );
});

test("nothing is created once the run has to end", async (t) => {
  const { task, stop, artifact: created } = await claimedRun(t);
  stop.abort();
  await assert.rejects(upload(task, artifact(task.task.expires), fewRetries), { name: "AbortError" });
  assert.equal(created("public/a.txt"), undefined);
});

test("the wait for the next try ends with the run", async (t) => {
  const { task, stop, local } = await claimedRun(t);
  local.faults = { status503: { method: "putBlob", times: 100 } };
  const sent = artifact(task.task.expires);
  const source = {
    ...sent.source,
    open: async () => {
      stop.abort();
      return sent.source.open();
    },
  };
  await assert.rejects(upload(task, { ...sent, source }), { name: "AbortError" });
});

const asObjects = { createObjectArtifacts: true };

test("an object is stored as it is, small or large, and shown only when it is finished", async (t) => {
  for (const content of ["", "content", "x".repeat(8192), "x".repeat(8193)]) {
    const { task, stored, artifact: created } = await claimedRun(t, {}, asObjects);
    await upload(task, artifact(task.task.expires, content), fewRetries);
    assert.equal((await stored("public/a.txt")).toString(), content);
    assert.equal(created("public/a.txt")?.storageType, "object");
  }
});

test("two objects of the same name are the author's mistake, though the queue answers 500 to them", async (t) => {
  const { task } = await claimedRun(t, {}, asObjects);
  await upload(task, artifact(task.task.expires), fewRetries);
  await assert.rejects(
    upload(task, artifact(task.task.expires), fewRetries),
    isTaskError("malformed-payload", /^There was a conflict uploading artifact public\/a\.txt/),
  );
});

test("an object whose file breaks under way is never shown", async (t) => {
  const { task, artifact: created } = await claimedRun(t, {}, asObjects);
  const sent = artifact(task.task.expires, "x".repeat(20_000));
  const source = { ...sent.source, open: async () => Readable.from([Buffer.from("short")]) };
  await assert.rejects(upload(task, { ...sent, source }, fewRetries), { name: "ResourceError" });
  assert.equal(created("public/a.txt"), undefined);
});

test("an object that the queue could not be asked for can be asked for again", async (t) => {
  const { task, local, stored } = await claimedRun(t, {}, asObjects);
  local.faults = { status503: { method: "createArtifact", times: 1000 } };
  const request = { storageType: "object", contentType: "text/plain", expires: task.task.expires } as const;
  const patience = { withinMs: 100, signal: task.signal };
  await assert.rejects(task.queue.createObject("public/a.txt", request, patience), { status: 503 });
  local.faults = {};
  await upload(task, artifact(task.task.expires), fewRetries);
  assert.equal((await stored("public/a.txt")).toString(), "content");
});

test("an object that could not be uploaded can be uploaded later, with the reservation that there is", async (t) => {
  const { task, stored } = await claimedRun(t, {}, asObjects);
  const sent = artifact(task.task.expires, "x".repeat(20_000));
  const source = { ...sent.source, open: async () => Readable.from([Buffer.from("short")]) };
  await assert.rejects(upload(task, { ...sent, source }, fewRetries), { name: "ResourceError" });
  const conflict = isTaskError("malformed-payload", /^There was a conflict/);
  await assert.rejects(upload(task, { ...sent, contentType: "image/png" }, fewRetries), conflict);
  await upload(task, sent, fewRetries);
  assert.equal((await stored("public/a.txt")).length, 20_000);
  await assert.rejects(upload(task, sent, fewRetries), conflict);
});

for (const [what, body, words] of [
  [
    "XML only code and message are",
    "<Error><Code>AccessDenied</Code><Message>No.</Message><X>signed</X></Error>",
    " AccessDenied No\\.",
  ],
  ["other answers nothing is", "Route PUT:/?Signature=secret not found, signed", ""],
] as const) {
  test(`of a storage's ${what} quoted`, async (t) => {
    const { task } = await claimedRun(t);
    const server = createServer((_request, response) => response.writeHead(405).end(body)).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const address = server.address();
    assert.ok(typeof address === "object" && address);
    const putUrl = `http://127.0.0.1:${address.port}/?Signature=secret`;
    t.mock.method(task.queue, "createArtifact", async () => ({ putUrl }));
    await assert.rejects(upload(task, artifact(task.task.expires), fewRetries), (error) => {
      assert.ok(error instanceof Error && !/signed|secret/.test(error.message));
      return isTaskError("resource-unavailable", new RegExp(`: the storage answered 405${words}$`))(error);
    });
  });
}

for (const putUrl of ["ftp://storage.example.com/a?Signature=secret", "no address?Signature=secret"]) {
  test(`to ${JSON.stringify(putUrl.split("?")[0])} is tried once, and the message is without the address`, async (t) => {
    const { task } = await claimedRun(t);
    t.mock.method(task.queue, "createArtifact", async () => ({ putUrl }));
    await assert.rejects(upload(task, artifact(task.task.expires), fewRetries), (error) => {
      assert.ok(error instanceof Error && !/storage\.example|secret|after/.test(error.message), String(error));
      return isTaskError("resource-unavailable", /^Artifact public\/a\.txt could not be uploaded: \S/)(error);
    });
  });
}
