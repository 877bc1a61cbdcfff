/** The agent's own log: one JSON line per event (level, time, msg, …), the line format that the helper writes too. */
import { type DestinationStream, destination, type Logger as PinoLogger, pino } from "pino";
import { LogDestination } from "./log-destination.ts";

export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error" | "fatal" | "child">;

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

// No call site logs these; this catches the one that will.
const secrets = [
  "credentials",
  "accessToken",
  "certificate",
  "staticSecret",
  "secret",
  "putUrl",
  "authorization",
  "env",
];

/** Lines are written at once, so that what was logged before a crash is there. */
export function logTo(descriptor: number): LogDestination {
  return new LogDestination(destination({ dest: descriptor, sync: true }));
}

/** To stderr unless a stream is given. */
export function createLogger({ level = "info", stream }: { level?: LogLevel; stream?: DestinationStream }): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...secrets, ...secrets.map((name) => `*.${name}`)], censor: "[secret]" },
    },
    stream ?? logTo(2),
  );
}
