import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ArtifactFolder, NotSavedError } from "../../agent/cli/artifact-folder.ts";

suite("the artifact folder", () => {
  let root = "";
  let plain = "";
  let folder: ArtifactFolder;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "artifact-folder-"));
    plain = join(root, "blob");
    await writeFile(plain, "content");
    folder = new ArtifactFolder(join(root, "out"));
    await mkdir(join(root, "out"));
  });
  after(() => rm(root, { recursive: true }));

  const refused = (name: string, message: RegExp, contentEncoding?: string) =>
    assert.rejects(
      folder.save(name, { path: plain, ...(contentEncoding ? { contentEncoding } : {}) }),
      (error: unknown) => error instanceof NotSavedError && message.test(error.message),
    );

  test("keeps a file under its name and lets everybody read it, whatever the umask", async () => {
    const umask = process.umask(0o077);
    const path = await folder.save("public/deep/file.txt", { path: plain }).finally(() => process.umask(umask));
    assert.equal(path, join(root, "out/public/deep/file.txt"));
    assert.equal(await readFile(path, "utf8"), "content");
    assert.equal((await stat(path)).mode & 0o777, 0o644);
    assert.equal((await stat(join(root, "out/public/deep"))).mode & 0o777, 0o755);
  });

  test("decodes what is stored with gzip", async () => {
    const zipped = join(root, "zipped");
    await writeFile(zipped, gzipSync("unpacked"));
    const path = await folder.save("public/log", { path: zipped, contentEncoding: "gzip" });
    assert.equal(await readFile(path, "utf8"), "unpacked");
  });

  test("refuses names that would leave it", async () => {
    for (const name of ["../x", "a/../../x", "a/..", ".."]) await refused(name, /lead out of the folder/);
    for (const name of ["/etc/x", "a//b", "a/", "./a", "."]) await refused(name, /no relative path/);
    await assert.rejects(stat(join(root, "x")), { code: "ENOENT" });
  });

  test("refuses an encoding that it does not know", async () => {
    await refused("public/br", /"br"/, "br");
  });

  test("refuses a name that is a folder of another artifact, or below one that is a file", async () => {
    await folder.save("clash/inner", { path: plain });
    await refused("clash", /could not be written/);
    await refused("clash/inner/more", /could not be written/);
  });

  test("refuses damaged gzip", async () => {
    await refused("public/damaged", /could not be written/, "gzip");
  });
});
