/**
 * Lets the helper's own modules run, unchanged, on the machine in memory: what they import of Node and of spawn.ts is
 * resolved to stand-ins. Everything else of them is what runs as root. To be called before any of them is imported.
 */
import { registerHooks } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { theMachine } from "./machine.ts";
import { replaceGlobalTime } from "./timer-calls.ts";

const helper = pathToFileURL(join(import.meta.dirname, "../../../helper/")).href;
const standIn = (name: string): string => new URL(name, import.meta.url).href;

/** Which module a module of the helper gets in the place of the one it names. */
function inPlaceOf(specifier: string, importer: string): string | undefined {
  if (specifier === "./spawn.ts") return standIn("spawn-calls.ts");
  if (specifier === "node:net") return standIn("network.ts");
  if (specifier === "node:timers/promises") return standIn("timer-calls.ts");
  if (specifier !== "node:fs") return undefined;
  return standIn(/^(journal|audit)\.ts$/.test(importer) ? "log-calls.ts" : "file-calls.ts");
}

export function standInForTheMachine(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL = "" } = context;
      const importer = parentURL.startsWith(helper) ? basename(fileURLToPath(parentURL)) : undefined;
      const url = importer && inPlaceOf(specifier, importer);
      return url ? { url, shortCircuit: true } : next(specifier, context);
    },
  });
  replaceGlobalTime();
  process.kill = (pid, signal) => theMachine().kernel.kill(pid, `${signal}`);
}
