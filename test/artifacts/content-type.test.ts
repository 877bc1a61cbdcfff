import assert from "node:assert/strict";
import { test } from "node:test";
import { guessContentEncoding, guessContentType } from "../../agent/artifacts/content-type.ts";

test("the content type comes from the extension, whatever its case", () => {
  const cases = {
    "public/a.txt": "text/plain; charset=utf-8",
    "A.HTML": "text/html; charset=utf-8",
    "a.js": "text/javascript; charset=utf-8",
    "a.log": "text/plain",
    "a.jsonl": "application/jsonl",
    "a.json": "application/json",
    "a.PNG": "image/png",
    "a.tar.gz": "application/gzip",
    "target.zip": "application/zip",
    "a.unknown-extension": "application/octet-stream",
    "no-extension": "application/octet-stream",
    "folder.txt/file": "application/octet-stream",
    "ends-with-dot.": "application/octet-stream",
    txt: "application/octet-stream",
    ".txt": "text/plain; charset=utf-8",
  };
  for (const [path, type] of Object.entries(cases)) assert.equal(guessContentType(path), type, path);
});

test("what is compressed already is sent as it is", () => {
  for (const path of ["a.zip", "a.tar.gz", "x.dmg", "x.pkg", "x.zst", "public/x.png", ".xz"]) {
    assert.equal(guessContentEncoding(path), "identity", path);
  }
});

test("all else is compressed, also where only the case differs", () => {
  for (const path of ["a.txt", "a", "a.ZIP", "zip", "a.zip/b", "a.tar"]) {
    assert.equal(guessContentEncoding(path), "gzip", path);
  }
});
