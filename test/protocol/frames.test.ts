import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeFrame, FrameError, FrameReader } from "../../shared/protocol/frames.ts";
import { limits } from "../../shared/protocol/limits.ts";

function readAll(...chunks: Uint8Array[]): unknown[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) => [...reader.push(Buffer.from(chunk))]);
}
const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
  return undefined;
};
const messages = [
  { type: "one", data: { text: "a\f\n\u2028\u{1f98a} é" } },
  { type: "two", data: null },
  { type: "", data: [1, -1.5, 1e21, true, {}] },
];
const stream = Buffer.from(messages.map(encodeFrame).join(""));

test("a frame is the JSON of type and data, and one form feed at its end", () => {
  const frame = encodeFrame({ type: "t", data: { a: "\f" } });
  assert.equal(frame, '{"type":"t","data":{"a":"\\f"}}\f');
});

test("frames come out whole wherever the stream is cut in two", () => {
  for (let at = 0; at <= stream.length; at += 1) {
    assert.deepEqual(readAll(stream.subarray(0, at), stream.subarray(at)), messages, `cut at ${at}`);
  }
});

test("frames come out whole of single bytes, and of one chunk", () => {
  assert.deepEqual(readAll(...Array.from(stream, (byte) => Uint8Array.of(byte))), messages);
  assert.deepEqual(readAll(stream), messages);
});

test("a reader does not keep the bytes of a chunk that its owner uses again", () => {
  const reader = new FrameReader();
  const half = Buffer.from('{"type":"t"');
  assert.deepEqual([...reader.push(half)], []);
  assert.equal(reader.pending, half.length);
  assert.deepEqual([...reader.push(Buffer.from(',"data":1}\f'))], [{ type: "t", data: 1 }]);
  assert.equal(reader.pending, 0);
});

test("a frame may be as long as the limit with its form feed, and not a byte longer", () => {
  const fill = (length: number): Buffer => Buffer.from(`"${"x".repeat(length - 3)}"\f`);
  assert.equal(readAll(fill(limits.frameBytes)).length, 1);
  assert.equal(
    codeOf(() => readAll(fill(limits.frameBytes + 1))),
    "frame-too-large",
  );
});

test("a frame that is too long is refused before its end has come", () => {
  const reader = new FrameReader();
  const chunk = Buffer.alloc(64 * 1024, "x");
  let held = 0;
  const code = codeOf(() => {
    for (;;) {
      void [...reader.push(chunk)];
      held = reader.pending;
    }
  });
  assert.equal(code, "frame-too-large");
  assert.ok(held <= limits.frameBytes);
});

test("no buffer is made that is longer than a frame may be", (t) => {
  const concat = t.mock.method(Buffer, "concat");
  const reader = new FrameReader();
  for (let left = limits.frameBytes - 1; left > 0; left -= 4095) {
    void [...reader.push(Buffer.alloc(Math.min(left, 4095), "x"))];
  }
  const lengths = concat.mock.calls.map((call) => call.result?.length ?? 0);
  assert.ok(lengths.length > 5 && Math.max(...lengths) <= limits.frameBytes, lengths.join());
});

test("many frames in one chunk may be longer together than one may be", () => {
  const frame = `"${"x".repeat(1000)}"\f`;
  assert.equal(readAll(Buffer.from(frame.repeat(2000))).length, 2000);
});

for (const [what, text] of [
  ["nothing", ""],
  ["a space before", " {}"],
  ["a newline after", "{}\n"],
  ["a space inside", '{"a": 1}'],
  ["a duplicate key", '{"a":1,"a":1}'],
  ["a number in another form", "1.0"],
  ["an exponent in another form", "1e2"],
  ["a number too large to be exact", "9007199254740993"],
  ["a number too large to be one", "1e400"],
  ["minus zero", "-0"],
  ["a needless escape", '"\\u0061"'],
  ["an escaped slash", '"\\/"'],
  ["capitals in an escape", '"\\u001F"'],
  ["a lone surrogate in capitals", '"\\uD800"'],
  ["an integer key out of order", '{"b":1,"1":1}'],
  ["a comment", "{}//"],
  ["two values", "{}{}"],
  ["a byte order mark", "\ufeff{}"],
  ["no value", "undefined"],
] satisfies [string, string][]) {
  test(`a frame with ${what} is no strict JSON`, () => {
    assert.equal(
      codeOf(() => readAll(Buffer.from(`${text}\f`))),
      "frame-malformed",
    );
  });
}

for (const [what, bytes] of [
  ["a cut character", [0xe2, 0x82]],
  ["an overlong slash", [0xc0, 0xaf]],
  ["a surrogate as UTF-8", [0xed, 0xa0, 0x80]],
  ["a byte that never occurs", [0xff]],
  ["a value beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
] satisfies [string, number[]][]) {
  test(`a frame with ${what} is no UTF-8`, () => {
    assert.equal(
      codeOf(() => readAll(Uint8Array.of(0x22, ...bytes, 0x22, 0x0c))),
      "frame-malformed",
    );
  });
}

test("a frame nested a million levels deep is refused or read, and never breaks the reader", () => {
  const half = limits.frameBytes / 2 - 1;
  const code = codeOf(() => readAll(Buffer.from(`${"[".repeat(half)}${"]".repeat(half)}\f`)));
  assert.ok(code === undefined || code === "frame-malformed");
});

test("__proto__ in a frame is a key like any other", () => {
  const [value] = readAll(Buffer.from('{"__proto__":{"uid":0}}\f'));
  assert.ok(typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"));
  assert.equal(Object.hasOwn(Object.prototype, "uid"), false);
});

test("whatever can be written as JSON comes out as it went in, however it is cut", () => {
  fc.assert(
    fc.property(fc.json(), fc.array(fc.nat(40), { maxLength: 20 }), (json, cuts) => {
      const data: unknown = JSON.parse(json);
      const bytes = Buffer.from(encodeFrame({ type: "t", data }));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const length of cuts) {
        chunks.push(bytes.subarray(at, at + length));
        at += length;
      }
      chunks.push(bytes.subarray(at));
      assert.equal(JSON.stringify(readAll(...chunks)), JSON.stringify([{ type: "t", data }]));
    }),
    { numRuns: 300 },
  );
});

test("any bytes give values or a FrameError, and nothing else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      codeOf(() => readAll(bytes, Uint8Array.of(0x0c)));
    }),
    { numRuns: 2000 },
  );
});
