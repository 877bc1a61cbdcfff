/**
 * Who owns the way to the helper's socket. The agent hands the environment of tasks to whoever listens there, so every
 * directory of the path and the socket itself must be root's, and nobody else may be able to put another in its place.
 */
import { lstat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorCode } from "../thrown.ts";
import { EngineError } from "./engine.ts";

const WRITABLE_BY_OTHERS = 0o022;
/** The smallest of the systems' limits for the address of a Unix socket. */
const SOCKET_PATH_BYTES = 104;

function directoriesOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...directoriesOf(parent), parent];
}

async function look(path: string): Promise<Awaited<ReturnType<typeof lstat>> | null> {
  try {
    return await lstat(path);
  } catch (error) {
    // The helper opens its directory to the agent only after it has made it: both mean "not yet".
    if (["ENOENT", "EACCES"].includes(errorCode(error) ?? "")) return null;
    throw error;
  }
}

function untrusted(message: string): EngineError {
  return new EngineError("helper-lost", `${message}, so the helper's socket cannot be trusted.`);
}

/**
 * True when the socket is there and the chain above it is root's alone; false when a part does not exist yet.
 * A sticky directory does not pass: whoever made an entry there may still replace it. Throws EngineError `helper-lost`.
 */
export async function isSocketTrusted(socketPath: string): Promise<boolean> {
  if (resolve(socketPath) !== socketPath || Buffer.byteLength(socketPath) >= SOCKET_PATH_BYTES) {
    throw new EngineError(
      "helper-lost",
      `'${socketPath}' is no absolute path of less than ${SOCKET_PATH_BYTES} bytes.`,
    );
  }
  for (const directory of directoriesOf(socketPath)) {
    const seen = await look(directory);
    if (!seen) return false;
    if (!seen.isDirectory()) throw untrusted(`'${directory}' is no directory`);
    if (seen.uid !== 0) throw untrusted(`The directory '${directory}' belongs to uid ${seen.uid}, not to root`);
    if ((Number(seen.mode) & WRITABLE_BY_OTHERS) !== 0) {
      throw untrusted(`The directory '${directory}' is writable by others than root (chmod go-w would close it)`);
    }
  }
  const socket = await look(socketPath);
  if (!socket) return false;
  if (!socket.isSocket()) throw untrusted(`'${socketPath}' is no socket`);
  if (socket.uid !== 0) throw untrusted(`'${socketPath}' belongs to uid ${socket.uid}, not to root`);
  return true;
}
