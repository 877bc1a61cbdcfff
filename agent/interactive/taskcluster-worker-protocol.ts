/**
 * taskcluster-worker's protocol. The first byte of a message says what it is: 0 data of a stream (0 stdin, 1 stdout; nothing
 * more is its end), 1 so many bytes of a stream were used, 3 size, columns first, 4 abort, 5 exit. Numbers are big-endian.
 */
import { type ShellProtocol, sizeMessage } from "./protocol.ts";

const type = { data: 0, used: 1, size: 3, abort: 4, exit: 5 } as const;
const stream = { stdin: 0, stdout: 1, stderr: 2 } as const;

export const taskclusterWorkerProtocol: ShellProtocol = {
  mostBytes: 16 * 1024,
  window: 64 * 1024,
  read: (message) => {
    const body = message.subarray(1);
    switch (message[0]) {
      case type.data:
        if (body[0] !== stream.stdin) return null;
        return body.length === 1 ? { kind: "input-end" } : { kind: "input", bytes: body.subarray(1) };
      case type.used:
        if (body[0] !== stream.stdout || body.length !== 5) return null;
        return { kind: "used", bytes: body.readUInt32BE(1) };
      case type.size:
        return body.length === 4 ? sizeMessage(body.readUInt16BE(0), body.readUInt16BE(2)) : null;
      case type.abort:
        return body.length === 0 ? { kind: "abort" } : null;
      default:
        return null;
    }
  },
  output: (bytes) => Buffer.concat([Buffer.of(type.data, stream.stdout), bytes]),
  inputTaken: (bytes) => {
    const message = Buffer.of(type.used, stream.stdin, 0, 0, 0, 0);
    message.writeUInt32BE(bytes, 2);
    return message;
  },
  end: ({ code }) => [
    Buffer.of(type.data, stream.stdout),
    Buffer.of(type.data, stream.stderr),
    Buffer.of(type.exit, code === 0 ? 0 : 1),
  ],
};
