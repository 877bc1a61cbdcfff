/**
 * Loaded before a program of root's by the covering Node: writes what has run of helper/ and shared/protocol/, again and
 * again, because many a helper is killed. covering-node.ts puts a copy of this where it can be read from anywhere.
 */
import { randomUUID } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { Seen } from "./seen.ts";

const everyMs = 100;
const sources = /\/(helper\/[a-z-]+\.ts|shared\/protocol\/(?!validators)[a-z-]+\.ts)$/;

function collect(): void {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const file = `${import.meta.dirname}/out/${randomUUID()}`;
  const seen: Record<string, Seen> = {};
  let before = "";
  const save = (): void => {
    session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (error) throw error;
      for (const { url, functions } of taken.result) {
        const name = url.startsWith("file:") && !url.includes("/test/") ? sources.exec(url)?.[1] : undefined;
        if (!name) continue;
        seen[name] ??= new Seen();
        seen[name].take(functions);
      }
    });
    const text = JSON.stringify(seen);
    if (text === before) return;
    try {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, `${file}.json`);
      before = text;
    } catch {
      // A test has taken the descriptors or the disk away: the next time.
    }
  };
  setInterval(save, everyMs).unref();
  // Behind the last listener to "exit" where the program calls process.exit; else there is that event alone.
  const exit: unknown = Reflect.get(process, "reallyExit");
  Reflect.set(process, "reallyExit", (code: number) => {
    save();
    if (typeof exit === "function") Reflect.apply(exit, process, [code]);
  });
  process.on("exit", save);
}

// What starts or copies this Node again must take the program around it, else it would not be covered.
process.execPath = process.argv0;
if (process.geteuid?.() === 0) collect();
