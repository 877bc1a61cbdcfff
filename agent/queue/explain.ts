/** What went wrong between here and a service, in a sentence for whoever runs the machine. */

/** Of another program's clock, this much is no news. */
const sameClockMs = 60_000;

/** Hints by the codes of Node and of OpenSSL; `detail` is the system's own message. */
const byCode: readonly (readonly [code: RegExp, sentence: (detail: string) => string])[] = [
  [/^(ENOTFOUND|EAI_\w+)$/, (detail) => `The name of the service cannot be resolved (${detail}).`],
  [/^ERR_PROXY_\w+$/, (detail) => `The proxy gives no way to the service (${detail}).`],
  [/^ECONNREFUSED$/, (detail) => `The service takes no connections (${detail}).`],
  [/^(ENETUNREACH|EHOSTUNREACH|ENETDOWN|EADDRNOTAVAIL)$/, (detail) => `There is no way to the service (${detail}).`],
  [/^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/, (detail) => `The connection broke (${detail}).`],
  [/^(ECONNABORTED|ETIMEDOUT)$/, (detail) => `No answer came in time (${detail}).`],
  [
    /CERT|^(EPROTO|UNABLE_TO_\w+|ERR_TLS\w*|ERR_SSL\w*|CRL_\w+|HOSTNAME_MISMATCH)$/,
    (detail) =>
      `No trusted connection could be made (${detail}): look at the rootURL and the clock, and name a CA of your own in ` +
      "NODE_EXTRA_CA_CERTS.",
  ],
];

interface Failure {
  readonly status: number | null;
  readonly code: string;
  readonly message: string;
}

/** `clockAheadMs`: of this machine before the service, null when that is not known. */
export function explain({ status, code, message }: Failure, clockAheadMs: number | null): string {
  // Hawk's own words for a signature that was made with another key.
  const token = /\bBad mac\b/.test(message) ? "The accessToken is not that of the clientId." : "";
  const why = status === 401 ? clockSentence(clockAheadMs) || token : "";
  if (why) return `${message.replace(/\.?$/, ".")} ${why}`;
  // No message of a service: an answer that taskcluster-client found no words in, or could not read.
  if (code === "UnknownError" && status !== null) {
    return status < 400 ? `Something that is no service answered ${status}.` : `The service answered ${status}.`;
  }
  if (status !== null) return message;
  if (code === "UnknownError") return "The answer ended before it was complete.";
  // OpenSSL's message is several lines long, with line numbers of its sources.
  const said = message.split("\n")[0]?.slice(0, 200) ?? "";
  // Node's own message has the code once more.
  const detail = `${code}: ${said.replace(` ${code}`, "")}`;
  return byCode.find(([pattern]) => pattern.test(code))?.[1](detail) ?? `The call failed (${detail}).`;
}

/** "" when the clocks agree well enough. */
export function clockSentence(clockAheadMs: number | null): string {
  if (clockAheadMs === null || Math.abs(clockAheadMs) < sameClockMs) return "";
  const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
  const side = clockAheadMs > 0 ? "ahead of" : "behind";
  return `The clock of this machine is ${seconds} s ${side} the queue's.`;
}
