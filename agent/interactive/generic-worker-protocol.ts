/**
 * generic-worker's protocol, which the shell page of Taskcluster's UI speaks: to the worker, a byte 1 and input, or a byte 2
 * and the size as two little-endian 16-bit numbers, rows first; from the worker, output as it is.
 */
import { type ShellProtocol, sizeMessage } from "./protocol.ts";

export const genericWorkerProtocol: ShellProtocol = {
  mostBytes: 256 * 1024,
  window: null,
  read: (message) => {
    switch (message[0]) {
      case 1:
        return { kind: "input", bytes: message.subarray(1) };
      case 2:
        return message.length === 5 ? sizeMessage(message.readUInt16LE(3), message.readUInt16LE(1)) : null;
      default:
        return null;
    }
  },
  output: (bytes) => bytes,
  inputTaken: () => null,
  end: () => [],
};
