/** The bounds of a spawn, looked at before the helper is asked: what it refuses would end the connection. */
import { limits } from "../../shared/protocol/limits.ts";
import { EngineError } from "./engine.ts";

/** As in the schema of `spawn`. */
const MAX_STRINGS = 4096;

function checkString(what: string, value: string): void {
  if (value.includes("\0"))
    throw new EngineError("argv-too-long", `${what} contains a NUL, which no program can be given.`);
  const bytes = Buffer.byteLength(value);
  if (bytes > limits.stringBytes) {
    throw new EngineError("argv-too-long", `${what} has ${bytes} bytes; at most ${limits.stringBytes} are possible.`);
  }
}

/** Throws EngineError `argv-too-long` naming the argument or variable. */
export function checkSpawnLimits(argv: readonly string[], env: Readonly<Record<string, string>>): void {
  const variables = Object.entries(env);
  if (argv.length === 0) throw new EngineError("argv-too-long", "The command is empty: it names no program.");
  if (argv.length > MAX_STRINGS || variables.length > MAX_STRINGS) {
    throw new EngineError(
      "argv-too-long",
      `The command has ${argv.length} arguments and ${variables.length} environment variables; at most ${MAX_STRINGS} of each are possible.`,
    );
  }
  for (const [index, argument] of argv.entries()) checkString(`Argument ${index} of the command`, argument);
  for (const [name, value] of variables) checkString(`The environment variable ${name}`, value);
  const strings = [...argv, ...variables.flat()];
  const bytes = strings.reduce((sum, string) => sum + Buffer.byteLength(string) + 2, 0);
  if (bytes > limits.argvEnvBytes) {
    throw new EngineError(
      "argv-too-long",
      `The command and its environment have ${bytes} bytes; at most ${limits.argvEnvBytes} are possible.`,
    );
  }
  // Control characters take six bytes each in a frame.
  const frameBytes = Buffer.byteLength(JSON.stringify({ argv, env })) + 1024;
  if (frameBytes > limits.frameBytes) {
    throw new EngineError("argv-too-long", "The command and its environment contain too many control characters.");
  }
}
