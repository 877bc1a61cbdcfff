import assert from "node:assert/strict";
import { test } from "node:test";
import { clockSentence, explain } from "../../agent/queue/explain.ts";

const noAnswer = (code: string, message: string) => explain({ status: null, code, message }, null);

test("whatever comes between here and a service is one sentence that names it", () => {
  const said: readonly (readonly [code: string, message: string, sentence: RegExp])[] = [
    ["ENOTFOUND", "getaddrinfo ENOTFOUND tc", /^The name of the service cannot be resolved \(ENOTFOUND: .*\)\.$/],
    ["EAI_AGAIN", "getaddrinfo EAI_AGAIN tc", /^The name of the service cannot be resolved/],
    [
      "ECONNREFUSED",
      "connect ECONNREFUSED 127.0.0.1:1",
      /^The service takes no connections \(ECONNREFUSED: connect 127\.0\.0\.1:1\)\.$/,
    ],
    ["EHOSTUNREACH", "connect EHOSTUNREACH", /^There is no way to the service/],
    ["ECONNRESET", "read ECONNRESET", /^The connection broke \(ECONNRESET: read\)\.$/],
    ["ECONNABORTED", "Timeout awaiting 'request' for 45000ms", /^No answer came in time \(.*45000ms\)\.$/],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate", /^No trusted connection .*NODE_EXTRA_CA_CERTS\.$/],
    ["CERT_HAS_EXPIRED", "certificate has expired", /^No trusted connection .*the clock/],
    [
      "EPROTO",
      "write EPROTO 40E3:error:0A00010B\nmore lines",
      /^No trusted connection could be made \(EPROTO: [^\n]*$/,
    ],
    ["ESTRANGE", "something else", /^The call failed \(ESTRANGE: something else\)\.$/],
    ["UnknownError", "Cannot read properties of undefined", /^The answer ended before it was complete\.$/],
  ];
  for (const [code, message, sentence] of said) assert.match(noAnswer(code, message), sentence);
});

test("an answer without words of a service is named by its status", () => {
  const answered = (status: number) => explain({ status, code: "UnknownError", message: "Unknown Server Error" }, null);
  assert.equal(answered(502), "The service answered 502.");
  assert.equal(answered(200), "Something that is no service answered 200.");
});

test("a service's own words stay as they are, and a refused signature is explained by a wrong clock", () => {
  const refused = { status: 401, code: "AuthenticationFailed", message: "Stale timestamp" };
  assert.equal(explain(refused, 1_000), "Stale timestamp");
  assert.equal(
    explain(refused, -1_200_400),
    "Stale timestamp. The clock of this machine is 1200 s behind the queue's.",
  );
  assert.equal(explain({ ...refused, status: 403 }, -1_200_000), "Stale timestamp");
});

test("a signature that does not fit is explained by the token that made it", () => {
  const refused = { status: 401, code: "AuthenticationFailed", message: "Authentication failed: Bad mac" };
  assert.equal(explain(refused, 0), "Authentication failed: Bad mac. The accessToken is not that of the clientId.");
});

test("a clock is worth a word from a minute on", () => {
  assert.equal(clockSentence(null), "");
  assert.equal(clockSentence(59_000), "");
  assert.equal(clockSentence(600_000), "The clock of this machine is 600 s ahead of the queue's.");
});
