import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { CommandError } from "../../agent/cli/exit-status.ts";
import { type Beside, isRelative, serveBeside } from "../../agent/cli/serve-beside.ts";

suite("the files beside a task file", () => {
  let root = "";
  let beside: Beside;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "beside-"));
    await mkdir(join(root, "folder/inner"), { recursive: true });
    await writeFile(join(root, "outside.sh"), "outside");
    await writeFile(join(root, "folder/hello.sh"), "#!/bin/sh\necho hello\n");
    await writeFile(join(root, "folder/inner/a b%.sh"), "spaced");
    await writeFile(join(root, "folder/empty"), "");
    await symlink("../outside.sh", join(root, "folder/out"));
    await symlink("..", join(root, "folder/up"));
    beside = await serveBeside(join(root, "folder"), "typed");
  });
  after(async () => {
    await beside.close();
    await rm(root, { recursive: true });
  });

  const refused = (link: string, message: RegExp) =>
    assert.rejects(
      beside.add(link, "link"),
      (error: unknown) => error instanceof CommandError && error.status === 64 && message.test(error.message),
    );

  test("are served byte for byte, under the name that they have", async () => {
    const address = await beside.add("hello.sh", "link");
    assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/hello\.sh$/);
    const response = await fetch(address);
    assert.equal(response.headers.get("content-length"), "21");
    assert.equal(await response.text(), "#!/bin/sh\necho hello\n");
  });

  test("may lie in folders and have names that an address must escape", async () => {
    assert.equal(await (await fetch(await beside.add("./inner/a b%.sh", "link"))).text(), "spaced");
  });

  test("may be empty", async () => {
    const response = await fetch(await beside.add("empty", "link"));
    assert.deepEqual([response.status, await response.text()], [200, ""]);
  });

  test("are not served without the secret, nor when nobody named them", async () => {
    const address = await beside.add("hello.sh", "link");
    const { origin, pathname } = new URL(address);
    const secret = pathname.split("/")[1] ?? "";
    for (const path of [
      "/hello.sh",
      `/${"x".repeat(32)}/hello.sh`,
      `/${secret}/`,
      `/${secret}/../outside.sh`,
      `/${secret}/inner`,
    ]) {
      assert.equal((await fetch(origin + path)).status, 404, path);
    }
    assert.equal((await fetch(address, { method: "POST" })).status, 404);
  });

  test("cannot be outside of the folder", async () => {
    await refused("../outside.sh", /leads out/);
    await refused("inner/../../outside.sh", /leads out/);
    await refused("/etc/passwd", /no path relative/);
    await refused("", /no path relative/);
  });

  test("cannot be reached through a symbolic link", async () => {
    await refused("out", /symbolic link/);
    await refused("up/outside.sh", /symbolic link/);
  });

  test("must be regular files that exist", async () => {
    await refused("inner", /no regular file/);
    await refused("nothing.sh", /typed\/nothing\.sh does not exist/);
  });
});

suite("a link", () => {
  test("is relative when it has no scheme and names no host", () => {
    for (const link of ["hello.sh", "a/b.sh", "./x", "../x", "/etc/passwd"]) assert.ok(isRelative(link), link);
    for (const link of ["http://x/y", "https://x", "ftp://x", "file:///etc/passwd", "//host/x"]) {
      assert.ok(!isRelative(link), link);
    }
  });
});
