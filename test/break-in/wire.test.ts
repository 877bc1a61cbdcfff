import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { type Heard, Wire } from "../../agent/break-in/wire.ts";

const isEnd = ({ type }: Heard): boolean => type === "exited";

suite("The break-in's connection", () => {
  test("keeps the newest thousand of the messages that nobody asks for, and counts the others", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "wire-"));
    const path = join(folder, "socket");
    const ends = Array.from({ length: 1500 }, (_, process) => `{"type":"exited","data":{"process":"${process}"}}\f`);
    const server = createServer((socket) => socket.end(`${ends.join("")}{"type":"fatal","data":{}}\f`)).listen(path);
    t.after(() => {
      server.close();
      rmSync(folder, { recursive: true });
    });
    await once(server, "listening");
    const wire = new Wire(path);
    assert.equal((await wire.next((heard) => !isEnd(heard))).type, "fatal");
    assert.deepEqual(await wire.next(isEnd), { type: "exited", data: { process: "501" } });
    assert.deepEqual([wire.takeDropped(), wire.takeDropped()], [501, 0]);
    wire.close();
  });
});
