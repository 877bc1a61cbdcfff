/**
 * Starts the helper with its sources changed while they are loaded: as root, without --permission, for tests. The shipped
 * helper knows nothing of it. CRASH_PLAN names a file with a plan, as fault.ts describes it.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { basename, dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readPlan } from "./fault.ts";
import { instrument } from "./instrument.ts";

const plan = readPlan(process.env["CRASH_PLAN"] ?? "");
const main = pathToFileURL(plan.main).href;
const runtime = import.meta.resolve("./fault.ts");

registerHooks({
  load(url, context, next) {
    if (dirname(url) !== dirname(main)) return next(url, context);
    const file = fileURLToPath(url);
    const source = instrument(basename(file), readFileSync(file, "utf8"), runtime, plan.replace);
    return { format: "module", source, shortCircuit: true };
  },
});
const helper: typeof import("../../helper/main.ts") = await import(main);
await helper.start();
