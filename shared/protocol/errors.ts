/** Every code that the helper can answer with, and what it means. docs/errors.md lists the same codes; a test compares. */
export const errorCodes = {
  // `fatal`: the peer broke the protocol; the helper closes the connection and reaps what it created.
  "frame-too-large": "a frame of more than 1 MiB",
  "frame-timeout": "a frame that did not end in time",
  "frame-malformed": "a frame that is no strict JSON: bad UTF-8, duplicate keys, odd numbers, stray spaces",
  "message-invalid": "a message that its schema refuses, or of an unknown type",
  "not-now": "a request that the state of its user or session does not allow",
  "unknown-id": "a user or ticket that this session does not hold",
  busy: "another control connection is open",
  // `refused`: an honest agent can meet these.
  "protocol-version": "the other side speaks another protocol version",
  "not-allowed": "the root-owned configuration switches this off",
  "no-free-user": "no uid is free in the range, or maxUsers are live",
  "graphics-full": "maxGraphical task users have the graphics session",
  "ticket-limit": "too many tickets and data connections wait",
  "create-failed": "the account could not be created and proven",
  "ticket-expired": "no data connection waits with this ticket any more",
  "spawn-failed": "the process could not be started by the system",
  "kill-failed": "processes of the user are left after ten seconds of killing",
  "journal-unwritable": "the journal or the audit log cannot be written",
} as const;
export type ErrorCode = keyof typeof errorCodes;
