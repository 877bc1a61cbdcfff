import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOfLink } from "../../agent/link/link-name.ts";

const rows: readonly [behaviour: string, address: string, header: string | null, name: string][] = [
  ["the last segment of the address is the name", "http://h/a/b.sh", null, "b.sh"],
  ["the query is no part of the name", "http://h/b.sh?token=x/y", null, "b.sh"],
  ["an address that ends in a slash gives the fallback", "http://h/a/", null, "task"],
  ["an address without a path gives the fallback", "http://h", null, "task"],
  ["percent escapes are decoded", "http://h/a%20b%C3%A9.sh", null, "a bé.sh"],
  ["broken percent escapes stay", "http://h/a%zz", null, "a%zz"],
  ["an escaped slash does not lead elsewhere", "http://h/..%2f..%2fetc%2fpasswd", null, "passwd"],
  ["escaped dots do not lead elsewhere", "http://h/a%2f..", null, "task"],
  ["tmp is kept for TMPDIR", "http://h/tmp", null, "task"],
  ["tmp is kept for TMPDIR in any case", "http://h/TMP", 'attachment; filename="Tmp"', "task"],
  ["a header's name wins", "http://h/a", 'attachment; filename="run.sh"', "run.sh"],
  [
    "an extended name wins over the plain one",
    "http://h/a",
    "attachment; filename=x; filename*=UTF-8''r%C3%A9.sh",
    "ré.sh",
  ],
  ["a header's path is cut to its last segment", "http://h/a", 'attachment; filename="../../etc/x"', "x"],
  ["a header's backslashes are separators too", "http://h/a", "attachment; filename=..\\..\\x", "x"],
  ["an absolute name is cut to its last segment", "http://h/a", 'attachment; filename="/etc/passwd"', "passwd"],
  ["a header that names the parent gives the address's name", "http://h/a.sh", 'attachment; filename=".."', "a.sh"],
  ["a header without a name gives the address's name", "http://h/a.sh", "attachment", "a.sh"],
  ["a header that makes no sense gives the address's name", "http://h/a.sh", ';;=="', "a.sh"],
  ["control characters are removed", "http://h/a%00b%0ac%1b", null, "abc"],
  ["a long name is cut to 255 bytes between characters", `http://h/${"é".repeat(200)}`, null, "é".repeat(127)],
];
for (const [behaviour, address, header, name] of rows) {
  test(behaviour, () => assert.equal(nameOfLink(new URL(address), header), name));
}
